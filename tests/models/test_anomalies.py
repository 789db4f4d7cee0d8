"""Days that had more than is usual, weeks that had less, and no more than four a year."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.anomalies import PER_YEAR, Anomaly, anomalies
from models.facts import DayCount

MONDAY = date(2024, 1, 1)


def days(*counts: int | None) -> list[DayCount]:
    return [DayCount(MONDAY + timedelta(days=place), one) for place, one in enumerate(counts)]


def found(*counts: int | None, since: date = MONDAY) -> list[Anomaly]:
    return anomalies(days(*counts), since=since)


def test_a_day_with_six_times_the_usual_is_told_with_what_was_expected() -> None:
    (one,) = found(*[3, 2, 4, 3] * 15, 20)

    assert (one.first_day, one.days_count, one.observed_count) == (
        MONDAY + timedelta(days=60), 1, 20,
    )  # fmt: skip
    assert one.expected_count == pytest.approx(3)
    assert one.surprise_score > 2.2


def test_a_usual_day_is_not_told() -> None:
    assert found(*[3, 2, 4, 3] * 15, 6) == []


def test_what_piled_up_says_how_long_nothing_had_come() -> None:
    (one,) = found(*[3, 2, 4, 3] * 15, 0, 0, 0, 30)

    assert one.quiet_days_count == 3


def test_a_few_are_not_many_where_there_is_next_to_nothing() -> None:
    assert found(*[0] * 59, 1, 7) == []


def test_a_week_with_next_to_nothing_is_told_once_though_others_follow() -> None:
    (one,) = found(*[20] * 7 * 30, *[0] * 21)

    assert (one.first_day, one.days_count) == (MONDAY + timedelta(weeks=30), 7)
    assert (one.observed_count, one.expected_count) == (0, 140)


@pytest.mark.parametrize("counts", [(), (5,) * 20, (None,) * 100, (0,) * 400])
def test_without_days_enough_nothing_is_odd(counts: tuple[int | None, ...]) -> None:
    assert found(*counts) == []


def test_what_is_not_known_is_neither_odd_nor_nothing() -> None:
    assert found(*[20] * 7 * 30, *[None] * 7) == []
    assert found(*[20] * 56, *[None] * 40, 20) == []


def test_only_days_from_then_on_are_told() -> None:
    counts = (*[3, 2, 4, 3] * 15, 20)

    assert found(*counts, since=MONDAY + timedelta(days=61)) == []
    assert len(found(*counts, since=MONDAY + timedelta(days=60))) == 1


@given(st.lists(st.integers(0, 60) | st.none(), max_size=900))
def test_no_year_has_more_than_four(counts: list[int | None]) -> None:
    told = found(*counts)

    assert all(
        later.first_day - earlier.first_day >= timedelta(0) for earlier, later in pairwise(told)
    )
    for one in told:
        year = [
            other
            for other in told
            if timedelta(0) <= other.first_day - one.first_day < timedelta(days=365)
        ]
        assert len(year) <= PER_YEAR * 2
