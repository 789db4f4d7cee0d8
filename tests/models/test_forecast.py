"""Eight weeks on: the method that a back-test finds, its interval, or why nothing is said."""

import math
import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.forecast import (
    HORIZON_WEEKS,
    Method,
    MovingAverage,
    SeasonalNaive,
    Smoothing,
    forecast,
)

WEEKS = st.lists(st.none() | st.floats(0, 1_000), max_size=150)


def walk(weeks: int, seed: int = 7) -> list[float]:
    """A level that wanders, with counts around it."""
    chance = random.Random(seed)  # noqa: S311 - weeks, not secrets
    level, found = 20.0, []
    for _ in range(weeks):
        level = max(level * math.exp(chance.gauss(0, 0.05)), 1)
        found.append(float(max(round(chance.gauss(level, math.sqrt(level))), 0)))
    return found


def test_what_wanders_is_forecast_near_where_it_is() -> None:
    weeks = walk(260, seed=8)

    told = forecast(weeks)

    assert (told.method, told.reason) == ("exponential_smoothing", None)
    assert [one.horizon_weeks for one in told.steps] == list(range(1, HORIZON_WEEKS + 1))
    assert told.steps[0].value == pytest.approx(fmean(weeks[-13:]), rel=0.3)


def test_the_accuracy_of_each_method_is_told_beside_the_year_before() -> None:
    found = {one.method: one for one in forecast(walk(260)).accuracy}

    assert found.keys() == {"exponential_smoothing", "moving_average", "seasonal_naive"}
    assert all(one.origins_count == 6 for one in found.values())
    assert found["exponential_smoothing"].mase < found["seasonal_naive"].mase
    assert found["seasonal_naive"].coverage_80_ratio is None
    assert 0.6 <= (found["exponential_smoothing"].coverage_80_ratio or 0) <= 1


@pytest.mark.parametrize("method", [Smoothing, MovingAverage, SeasonalNaive])
def test_at_an_origin_nothing_is_known_of_the_weeks_after_it(method: type[Method]) -> None:
    weeks = walk(200)

    then, later = method(weeks), method([*weeks, *[500.0] * 60])

    assert then.values(200) == later.values(200)
    assert then.steps(200) == later.steps(200)
    assert then.values(200) != later.values(260)


def test_eight_in_ten_weeks_lie_in_the_interval_of_eighty() -> None:
    inside = [
        step.low_80 <= come <= step.high_80
        for seed in range(60)
        for weeks in [walk(208, seed)]
        for step, come in zip(forecast(weeks[:200]).steps, weeks[200:], strict=False)
    ]

    assert len(inside) > 200
    assert 0.74 <= fmean(inside) <= 0.88


def test_where_the_year_before_says_more_nothing_is_forecast() -> None:
    yearly = [100.0 if place % 52 < 8 else float(place % 2) for place in range(52 * 5)]

    told = forecast([*yearly, *yearly[:6]])

    assert (told.method, told.reason, told.steps) == (None, "nothing_beats_the_year_before", [])


def test_what_next_to_never_happens_has_its_average_and_says_so() -> None:
    chance = random.Random(3)  # noqa: S311 - weeks, not secrets
    weeks = [float(chance.random() < 0.06) for _ in range(200)]

    told = forecast(weeks)

    assert told.method in {"moving_average", None}
    assert told.reason in {"too_quiet", "nothing_beats_the_year_before"}
    assert "exponential_smoothing" not in {one.method for one in told.accuracy}


@pytest.mark.parametrize(
    ("weeks", "reason"),
    [
        ([], "too_short"),
        (walk(33), "too_short"),
        ([None] * 100, "too_short"),
        ([3.0] * 100, "never_changes"),
        ([*walk(100), *[None] * 60], "not_known_lately"),
        ([*walk(100), *[None] * 8], "not_known_lately"),
    ],
)
def test_nothing_is_said_without_a_reason(weeks: list[float | None], reason: str) -> None:
    told = forecast(weeks)

    assert (told.method, told.reason, told.steps, told.accuracy) == (None, reason, [], [])


def test_weeks_that_are_not_known_are_not_zeros() -> None:
    weeks: list[float | None] = [*walk(200)]
    weeks[100:104] = [None] * 4

    known, zeros = forecast(weeks), forecast([one or 0.0 for one in weeks])

    assert known.accuracy
    assert known.accuracy != zeros.accuracy


@given(WEEKS)
def test_steps_are_in_order_and_never_below_nothing(weeks: list[float | None]) -> None:
    told = forecast(weeks)

    assert (told.method is None) == (told.steps == [])
    assert told.method is not None or told.reason is not None
    for one in told.steps:
        assert 0 <= one.low_95 <= one.low_80 <= one.high_80 <= one.high_95
        assert one.value >= 0


@given(st.lists(st.none() | st.floats(-1_000, 1_000), max_size=80))
def test_what_a_counter_loses_is_below_nothing_too(weeks: list[float | None]) -> None:
    for one in forecast(weeks).steps:
        assert one.low_95 <= one.low_80 <= one.high_80 <= one.high_95


def test_a_counter_that_falls_is_expected_to_fall() -> None:
    steady = walk(160, seed=8)

    told = forecast([-one for one in steady])

    assert told.method == forecast(steady).method
    assert told.steps[0].low_95 < told.steps[0].value < told.steps[0].high_95 < 0
