"""How long until another human answers, with those who still wait taken into account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from models.facts import Opening, hours_between

DEFINITION = "review-latency@1"
_PROMPT_HOURS = 48.0
_HALF = 0.5 + 1e-12


@dataclass(frozen=True, slots=True)
class ReviewLatency:
    """Hours; percentiles are of the answered, ``km_p50_hours`` is of all (null if less than half
    is ever answered). ``within_48_hours_ratio`` is of those whose 48 hours are over or answered.
    """

    opened_count: int
    answered_count: int
    censored_count: int
    p50_hours: float | None
    p75_hours: float | None
    p90_hours: float | None
    km_p50_hours: float | None
    within_48_hours_ratio: float | None


def review_latency(openings: Sequence[Opening], *, as_of: datetime) -> ReviewLatency:
    """ValueError where an answer comes before its question, or a question after ``as_of``."""
    waits = [_wait(opening, as_of) for opening in openings]
    answered = sorted(hours for hours, is_answered in waits if is_answered)
    judged = [
        is_answered and hours <= _PROMPT_HOURS
        for hours, is_answered in waits
        if is_answered or hours >= _PROMPT_HOURS
    ]
    p50, p75, p90 = (_percentile(answered, share) for share in (0.5, 0.75, 0.9))
    return ReviewLatency(
        opened_count=len(waits),
        answered_count=len(answered),
        censored_count=len(waits) - len(answered),
        p50_hours=p50,
        p75_hours=p75,
        p90_hours=p90,
        km_p50_hours=kaplan_meier_median(waits),
        within_48_hours_ratio=sum(judged) / len(judged) if judged else None,
    )


def kaplan_meier_median(waits: Sequence[tuple[float, bool]]) -> float | None:
    """The first time at which at most half still wait, by the product-limit estimator
    (Kaplan and Meier, J. Am. Stat. Assoc. 53, 1958). ``waits``: (time, whether it ended then).
    """
    survival, at_risk = 1.0, len(waits)
    for time, group in groupby(sorted(waits), key=itemgetter(0)):
        ended = [is_answered for _, is_answered in group]
        survival *= 1 - sum(ended) / at_risk
        at_risk -= len(ended)
        if survival <= _HALF:
            return float(time)
    return None


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    """As PostgreSQL's ``percentile_cont``: between two values in proportion."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _wait(opening: Opening, as_of: datetime) -> tuple[float, bool]:
    waited = hours_between(opening.opened_at, as_of)
    hours = hours_between(opening.opened_at, opening.answered_at) if opening.answered_at else waited
    return hours, opening.answered_at is not None
