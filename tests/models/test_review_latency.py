"""How long until another human answers, unanswered ones included."""

from datetime import UTC, datetime, timedelta
from statistics import median, median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.facts import Opening
from models.review_latency import review_latency

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)


def answered(hours: float, *, opened_before: float = 1_000) -> Opening:
    opened_at = AS_OF - timedelta(hours=opened_before)
    return Opening(opened_at, opened_at + timedelta(hours=hours))


def waiting(hours: float) -> Opening:
    return Opening(AS_OF - timedelta(hours=hours), None)


ANSWERED = st.builds(answered, st.integers(0, 900))
WAITING = st.builds(waiting, st.integers(0, 900))


def test_without_openings_every_duration_is_unknown() -> None:
    found = review_latency([], as_of=AS_OF)
    assert (found.opened_count, found.answered_count, found.censored_count) == (0, 0, 0)
    assert found.p50_hours is None
    assert found.km_p50_hours is None
    assert found.within_48_hours_ratio is None


def test_percentiles_interpolate_as_percentile_cont_does() -> None:
    found = review_latency([answered(h) for h in (1, 2, 3, 10)], as_of=AS_OF)
    assert found.p50_hours == pytest.approx(2.5)
    assert found.p75_hours == pytest.approx(4.75)
    assert found.p90_hours == pytest.approx(7.9)


def test_the_survival_curve_of_the_leukaemia_trial_has_its_published_median() -> None:
    """Freireich et al. 1963, 6-MP arm, as worked by hand in Kleinbaum & Klein, Survival Analysis.

    S(t) there: .857 at 6, .807 at 7, .753 at 10, .690 at 13, .627 at 16, .538 at 22, .448 at 23.
    """
    events = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    openings = [answered(h) for h in events] + [waiting(h) for h in censored]
    found = review_latency(openings, as_of=AS_OF)
    assert found.km_p50_hours == 23
    assert (found.opened_count, found.answered_count, found.censored_count) == (21, 9, 12)


def test_a_curve_that_stays_above_one_half_has_no_median() -> None:
    found = review_latency([answered(1), waiting(2), waiting(2)], as_of=AS_OF)
    assert found.p50_hours == 1
    assert found.km_p50_hours is None


def test_what_may_still_be_in_time_is_not_counted_as_late() -> None:
    openings = [answered(48), answered(49), waiting(48), waiting(47), answered(1, opened_before=2)]
    assert review_latency(openings, as_of=AS_OF).within_48_hours_ratio == pytest.approx(2 / 4)


def test_an_answer_before_the_opening_or_an_opening_after_the_watermark_is_refused() -> None:
    for wrong in (answered(-1), waiting(-1)):
        with pytest.raises(ValueError, match="lies before"):
            review_latency([wrong], as_of=AS_OF)


@given(st.lists(st.integers(0, 900), min_size=1, max_size=30))
def test_nothing_censored_means_the_plain_median(hours: list[int]) -> None:
    """Between two middle values the curve already rests at one half from the lower one on."""
    found = review_latency([answered(h) for h in hours], as_of=AS_OF)
    assert found.p50_hours == pytest.approx(median(hours))
    assert found.km_p50_hours == median_low(hours)


@given(st.lists(ANSWERED | WAITING, max_size=30))
def test_the_order_of_the_facts_changes_nothing(openings: list[Opening]) -> None:
    found = review_latency(openings, as_of=AS_OF)
    assert found == review_latency(openings[::-1], as_of=AS_OF)
    assert found.answered_count + found.censored_count == found.opened_count == len(openings)
