"""An answer as GitHub gives it: charged, stamped, and 304 where the caller holds it already."""

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gitinsight.simulator.faults import bad_credentials
from gitinsight.simulator.hostile import encoded
from gitinsight.simulator.state import simulator_of

WRONG_TOKEN = "wrong-token"  # noqa: S105 - the one that is refused


def principal_of(request: Request) -> str:
    return request.headers.get("authorization", "").split(" ")[-1]


def answer(
    request: Request, content: Any, *, status: int = 200, headers: dict[str, str] | None = None,
    cost: int = 1,
) -> Response:  # fmt: skip
    """Of REST; ``cost`` is 0 for what GitHub gives for nothing."""
    simulator, principal = simulator_of(request), principal_of(request)
    if principal == WRONG_TOKEN:
        return bad_credentials()
    body = encoded(content)
    etag = f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    is_known = request.headers.get("if-none-match") == etag and status == 200
    paid = 0 if is_known else cost
    remaining, stamped = charge(request, "core", paid)
    if remaining < 0:
        simulator.statistics.refused += 1
        status, body = 403, b'{"message": "API rate limit exceeded"}'
    elif is_known:
        status, body = 304, b""
    return Response(
        body, status_code=status, headers=stamped | {"etag": etag} | (headers or {}),
        media_type="application/json; charset=utf-8",
    )  # fmt: skip


def charge(request: Request, bucket: str, cost: int) -> tuple[int, dict[str, str]]:
    """What remains, below 0 where it was too much, and the headers that say so."""
    simulator = simulator_of(request)
    limit, remaining = simulator.limits.spend(principal_of(request), bucket, cost)
    simulator.statistics.charged[bucket] += cost
    return remaining, {
        "x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(max(0, remaining)),
        "x-ratelimit-used": str(limit - max(0, remaining)),
        "x-ratelimit-reset": str(simulator.limits.window_ends), "x-ratelimit-resource": bucket,
    }  # fmt: skip


def missing(request: Request) -> Response:
    return answer(request, {"message": "Not Found"}, status=404)
