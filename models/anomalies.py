"""Days with more than the days before them let expect, and weeks with less.

A day is odd where the tail of a negative binomial, fitted to the 56 days before it, is below one in
158; a week by the 26 weeks before. Of any year of a series only the four oddest are told: a reader
who is told of more believes none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from models.facts import DayCount
from models.volume import surprise

DEFINITION = "anomalies@1"
LEAST_SURPRISE = 2.2
"""-log10 of the tail: on clean days of 75 repositories four alerts a year, at which 96 of 100 days
with six times the usual were found.
"""
PER_YEAR = 4
_BEFORE_DAYS = 56
_BEFORE_WEEKS = 26
_LEAST_COUNT = 8
"""A spike is more than a good day of one person."""
_WEEK_DAYS = 7
_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Anomaly:
    """``first_day`` and ``days_count`` say when: a day that had more, seven that had less.
    ``expected_count`` is the mean of as many days before; ``surprise_score`` is -log10 of the
    probability of so much, or so little; ``quiet_days_count`` the days without anything that came
    right before: what piles up comes at once.
    """

    first_day: date
    days_count: int
    observed_count: int
    expected_count: float
    surprise_score: float
    quiet_days_count: int


def anomalies(days: Iterable[DayCount], *, since: date) -> list[Anomaly]:
    """Those of the days from ``since`` on, in order. Days follow each other without a gap; one
    whose count is None is not known, and neither is odd nor compared with.
    """
    held = list(days)
    found = [*_spikes(held, since), *_drops(held, since)]
    told: list[Anomaly] = []
    for one in sorted(found, key=lambda one: (-one.surprise_score, one.first_day)):
        near = [other for other in told if abs(other.first_day - one.first_day) < _YEAR]
        if len(near) < PER_YEAR:
            told.append(one)
    return sorted(told, key=lambda one: (one.first_day, one.days_count))


def _spikes(days: Sequence[DayCount], since: date) -> Iterable[Anomaly]:
    quiet = list(accumulate(days, lambda so_far, one: 0 if one.count else so_far + 1, initial=0))
    for place, day in enumerate(days):
        if day.day < since or day.count is None or day.count < _LEAST_COUNT:
            continue
        before = _known(days[max(place - _BEFORE_DAYS, 0) : place])
        if len(before) < _BEFORE_DAYS // 2 or day.count <= (mean := sum(before) / len(before)):
            continue
        score = surprise(before, day.count)
        if score > LEAST_SURPRISE:
            yield Anomaly(day.day, 1, day.count, mean, score, quiet[place])


def _drops(days: Sequence[DayCount], since: date) -> Iterable[Anomaly]:
    """Weeks that begin on Monday; the first of several in a row says it all."""
    weeks = list(_weeks(days))
    was_odd = False
    for place, week in enumerate(weeks):
        before = _known(weeks[max(place - _BEFORE_WEEKS, 0) : place])
        if week.count is None or len(before) < _BEFORE_WEEKS:
            was_odd = False
            continue
        mean = sum(before) / len(before)
        score = surprise(before, week.count) if week.count < mean else 0.0
        is_odd = score > LEAST_SURPRISE
        if is_odd and not was_odd and week.day >= since:
            yield Anomaly(week.day, _WEEK_DAYS, week.count, mean, score, 0)
        was_odd = is_odd


def _weeks(days: Sequence[DayCount]) -> Iterable[DayCount]:
    first = next((place for place, one in enumerate(days) if one.day.weekday() == 0), len(days))
    for place in range(first, len(days) - _WEEK_DAYS + 1, _WEEK_DAYS):
        counts = [one.count for one in days[place : place + _WEEK_DAYS]]
        known = [one for one in counts if one is not None]
        yield DayCount(days[place].day, sum(known) if len(known) == len(counts) else None)


def _known(days: Sequence[DayCount]) -> list[int]:
    return [one.count for one in days if one.count is not None]
