"""What an answer of GitHub says about its limits: what is left, and when a used-up one ends."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

import httpx2
import msgspec

from gitinsight import clock

_LONGEST_WAIT = 3_600.0
_UNTOLD_SECONDS = 60.0
"""What GitHub asks for where it names no time."""


@dataclass(frozen=True, slots=True)
class Budget:
    bucket: str
    remaining: int
    reset_at: datetime
    limit: int | None = None
    """Of the whole window; None where the answer does not tell."""


class Verdict(StrEnum):
    """What an answer means for the next request."""

    ANSWERED = "answered"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    """GitHub spent its time on it, and more of it than is known."""
    REJECTED = "rejected"
    """401: the token is wrong, expired or revoked."""
    TOLD = "told"
    """GitHub names the time to wait; it holds for every bucket."""
    USED_UP = "used up"
    """Nothing is left of the bucket until its window ends."""
    SECONDARY = "secondary"
    """Too much at once; GitHub names no time."""


@dataclass(frozen=True, slots=True)
class Limited:
    """``seconds`` by GitHub's own clock; None where it names no time."""

    verdict: Verdict
    seconds: float | None

    @property
    def retry_at(self) -> datetime:
        return clock.now() + timedelta(seconds=self.seconds or _UNTOLD_SECONDS)


def left(response: httpx2.Response, bucket: str) -> Budget | None:
    """None where the headers do not tell."""
    headers = response.headers
    remaining = headers.get("x-ratelimit-remaining", "")
    reset_at = _moment(headers.get("x-ratelimit-reset", ""))
    if not remaining.isdecimal() or reset_at is None:
        return None
    limit = headers.get("x-ratelimit-limit", "")
    return Budget(
        headers.get("x-ratelimit-resource", bucket), int(remaining), reset_at,
        int(limit) if limit.isdecimal() else None,
    )  # fmt: skip


def hit(response: httpx2.Response, bucket: str) -> Limited | None:
    """The limit that was hit; None where none was."""
    status, headers = response.status_code, response.headers
    is_graphql = (
        bucket == "graphql" and status == httpx2.codes.OK and _says_limited(response.content)
    )
    if status not in {403, 429} and not is_graphql:
        return None
    moment = date_of(response)
    seconds = _retry_after(headers.get("retry-after", ""), moment)
    if seconds is not None:
        return Limited(Verdict.TOLD, _clamped(seconds))
    reset_at = _moment(headers.get("x-ratelimit-reset", ""))
    if headers.get("x-ratelimit-remaining") == "0" and reset_at is not None:
        return Limited(Verdict.USED_UP, _clamped((reset_at - moment).total_seconds()))
    is_secondary = b"secondary rate" in response.content.lower()
    if is_graphql or is_secondary or status == httpx2.codes.TOO_MANY_REQUESTS:
        return Limited(Verdict.SECONDARY, None)
    return None


def date_of(response: httpx2.Response) -> datetime:
    """GitHub's own clock, ours where the answer does not tell."""
    return _http_date(response.headers.get("date", "")) or clock.now()


def _clamped(seconds: float) -> float:
    return min(max(seconds, 1.0), _LONGEST_WAIT)


def _says_limited(body: bytes) -> bool:
    """Whether GraphQL refused for a limit; the words alone may be somebody's commit message."""
    if b"RATE_LIMIT" not in body:
        return False
    try:
        errors = msgspec.json.decode(body).get("errors") or ()
    except (msgspec.DecodeError, AttributeError):
        return False
    return any(str(error.get("type", "")).startswith("RATE_LIMIT") for error in errors)


def _retry_after(text: str, moment: datetime) -> float | None:
    """Seconds, written as such or as a date; None where it is neither."""
    if text.isdecimal():
        return float(text)
    until = _http_date(text)
    return (until - moment).total_seconds() if until is not None else None


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _moment(text: str) -> datetime | None:
    """A time in seconds since 1970, as the limit headers give it."""
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None
