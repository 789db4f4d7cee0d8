"""What GitHub's refusals mean: those of GraphQL by the errors, those of REST in words."""

import re
from typing import Any

import httpx2
import msgspec

from gitinsight.errors import GitInsightError, NotVisible, UnexpectedPayload, UpstreamUnavailable

_PASSING = re.compile(
    r"RESOURCE_LIMITS_EXCEEDED|MAX_NODE_LIMIT|ARGUMENT_LIMIT|something went wrong|time(d ?)?out",
    re.IGNORECASE,
)
"""GraphQL errors that a later or a smaller query may not meet."""
_UNSEEN = {"NOT_FOUND": 404, "FORBIDDEN": 403}
"""GraphQL errors, and the status by which REST says the same."""


class _Block(msgspec.Struct, frozen=True):
    reason: str | None = None


class _Refused(msgspec.Struct, frozen=True):
    message: str = ""
    block: _Block | None = None


def is_passing(error: dict[str, Any]) -> bool:
    """Whether a later or a smaller query may not meet it."""
    return _PASSING.search(str(error)) is not None


def refusal(name: str, errors: list[dict[str, Any]]) -> GitInsightError:
    """What errors mean that leave no answer; none at all are GitHub's own failure."""
    target = f"GraphQL query {name}"
    fatal = [one for one in errors if one.get("type") != "NOT_FOUND"] or errors
    reason = str(fatal[:1])
    if not errors:
        return UpstreamUnavailable(target, "it answers nothing")
    if _PASSING.search(reason):
        return UpstreamUnavailable(target, reason)
    hidden = {_UNSEEN.get(str(one.get("type"))) for one in fatal}
    if len(hidden) == 1 and (status := hidden.pop()) is not None:
        return NotVisible(target, status, str(fatal[0].get("message", "")))
    return UnexpectedPayload(target, reason)


def message(response: httpx2.Response) -> str:
    """With the reason for a block: ``dmca``, ``tos``."""
    try:
        told = msgspec.json.decode(response.content, type=_Refused)
    except msgspec.DecodeError:
        return response.reason_phrase
    reason = f" ({told.block.reason})" if told.block and told.block.reason else ""
    return told.message[:200] + reason
