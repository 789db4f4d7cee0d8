"""What an answer of GitHub says about its limits: what is left, and when a used-up one ends."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2
import msgspec

from gitinsight import clock

_SECONDARY_WAIT = 60.0
"""GitHub asks for a minute at least where it names no time."""
_LONGEST_WAIT = 3_600.0


@dataclass(frozen=True, slots=True)
class Budget:
    bucket: str
    remaining: int
    reset_at: datetime


def left(response: httpx2.Response, bucket: str) -> Budget | None:
    """None where the headers do not tell."""
    headers = response.headers
    remaining = headers.get("x-ratelimit-remaining", "")
    reset_at = _moment(headers.get("x-ratelimit-reset", ""))
    if not remaining.isdecimal() or reset_at is None:
        return None
    return Budget(headers.get("x-ratelimit-resource", bucket), int(remaining), reset_at)


def ends_at(response: httpx2.Response, bucket: str) -> datetime | None:
    """When the limit that was hit ends: counted by GitHub's clock, told by ours, which may differ.
    None where none was hit.
    """
    status, headers = response.status_code, response.headers
    is_graphql = (
        bucket == "graphql" and status == httpx2.codes.OK and _says_limited(response.content)
    )
    if status not in {403, 429} and not is_graphql:
        return None
    moment = date_of(response)
    seconds = _retry_after(headers.get("retry-after", ""), moment)
    reset_at = _moment(headers.get("x-ratelimit-reset", ""))
    if seconds is None and headers.get("x-ratelimit-remaining") == "0" and reset_at is not None:
        seconds = (reset_at - moment).total_seconds() + 1
    if seconds is None:
        is_secondary = b"secondary rate" in response.content.lower()
        if not (is_graphql or is_secondary or status == httpx2.codes.TOO_MANY_REQUESTS):
            return None
        seconds = _SECONDARY_WAIT
    return clock.now() + timedelta(seconds=min(max(seconds, 1.0), _LONGEST_WAIT))


def date_of(response: httpx2.Response) -> datetime:
    """GitHub's own clock, ours where the answer does not tell."""
    return _http_date(response.headers.get("date", "")) or clock.now()


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
