"""Hours of GH Archive: how they are written, and how much of what happened is in them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from gitinsight.errors import InvalidHour

FIRST = datetime(2011, 2, 12, tzinfo=UTC)
"""The first day that the archive has."""

_HOUR = timedelta(hours=1)
_WRITTEN = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:-(\d{1,2}))?")
_ERAS = (
    # igrigorik/gharchive.org#310, #312, #320, #294 and GitHub's changelog of 2025-08-08
    (datetime(2026, 2, 1, tzinfo=UTC), "pushes"),
    (datetime(2025, 10, 7, tzinfo=UTC), "trimmed"),
    (datetime(2025, 5, 23, tzinfo=UTC), "sparse"),
    (datetime(2015, 1, 1, tzinfo=UTC), "whole"),
)
GRADES = (
    "timeline (before 2015: another schema, without ids), whole, sparse (since 2025-05-23: many"
    " events are missing), trimmed (since 2025-10-07: payloads without commits and bodies) or"
    " pushes (since 2026-02: hardly anything but pushes)"
)


def grade(hour: datetime) -> str:
    """How good the archive is at that time; one of GRADES."""
    return next((name for since, name in _ERAS if hour >= since), "timeline")


def name(hour: datetime) -> str:
    """As the archive calls it: the hour of the day is not padded."""
    return f"{hour:%Y-%m-%d}-{hour.hour}"


def between(first: str, last: str | None = None, *, at: datetime) -> Iterator[datetime]:
    """Every hour from ``first`` to ``last`` inclusive that is over; a date is a whole day.

    InvalidHour where one of them is none, lies before the archive, is not over yet, or they are the
    wrong way round.
    """
    start, end = _span(first, at)
    if last is not None:
        _, end = _span(last, at)
        if end < start:
            raise InvalidHour(last, f"it lies before {first}")
    while start <= end:
        yield start
        start += _HOUR


def _span(text: str, at: datetime) -> tuple[datetime, datetime]:
    """The first and the last hour of what is written, as far as they are over."""
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        raise InvalidHour(text, "give 2024-01-15-0 or 2024-01-15")
    year, month, day, hour = (int(part) if part else None for part in written.groups())
    try:
        start = datetime(year or 0, month or 0, day or 0, hour or 0, tzinfo=UTC)
    except ValueError as error:
        raise InvalidHour(text, str(error)) from error
    if start < FIRST:
        raise InvalidHour(text, f"the archive begins with {FIRST:%Y-%m-%d}")
    latest = at.replace(minute=0, second=0, microsecond=0) - _HOUR
    if start > latest:
        raise InvalidHour(text, "it is not over yet")
    return start, start if hour is not None else min(start + 23 * _HOUR, latest)
