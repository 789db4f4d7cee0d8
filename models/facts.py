"""What the insight models read: plain facts, without a database behind them."""

from dataclasses import dataclass
from datetime import date, datetime

_SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class CommitShare:
    """How many commits one person made in the window that is looked at."""

    person: str
    commits_count: int


@dataclass(frozen=True, slots=True)
class ReviewTie:
    """How often one person reviewed what another one opened, in the window that is looked at."""

    reviewer: str
    author: str
    reviews_count: int


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file in one commit, merges against their first parent. ``person`` is None where no human
    made it; the trunk is the first parents of the default branch, one after the other.
    """

    path: str
    previous_path: str | None
    person: str | None
    lines_added_count: int
    lines_deleted_count: int
    is_merge: bool
    is_on_trunk: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """An issue or pull request; ``answered_at`` is None while no other human has answered."""

    opened_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class DayCount:
    """What was counted on a day; ``count`` is None where it is not known."""

    day: date
    count: int | None


def hours_between(start: datetime, end: datetime) -> float:
    """Wall-clock hours; ValueError where the end lies before the start."""
    hours = (end - start).total_seconds() / _SECONDS_PER_HOUR
    if hours < 0:
        raise ValueError(f"{end.isoformat()} lies before {start.isoformat()}")
    return hours
