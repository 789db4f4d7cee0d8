"""How odd a count is beside those before it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.volume import surprise

WEEKS = st.lists(st.integers(0, 200), min_size=1, max_size=30)


def test_it_is_the_tail_of_a_negative_binomial() -> None:
    # mean 10, variance 10 + 10² / 4: P(X >= 60) and P(X <= 0), summed as exact fractions
    before = [10] * 8

    assert surprise(before, 60) == pytest.approx(5.7466, abs=1e-3)
    assert surprise(before, 0) == pytest.approx(2.1763, abs=1e-3)


def test_what_is_bursty_is_less_surprised() -> None:
    assert surprise([0, 0, 0, 40, 0, 0, 0, 40], 80) < surprise([10] * 8, 80)


@pytest.mark.parametrize("before", [[], [0, 0, 0]], ids=["nothing", "zeros"])
def test_without_anything_before_nothing_is_odd(before: list[int]) -> None:
    assert surprise(before, 1_000) == 0


@given(WEEKS, st.integers(0, 2_000))
def test_the_order_of_the_weeks_does_not_matter(before: list[int], observed: int) -> None:
    assert surprise(before, observed) == pytest.approx(surprise(before[::-1], observed))


@given(WEEKS, st.integers(0, 2_000))
def test_further_out_is_never_less_odd(before: list[int], more: int) -> None:
    start = max(before)

    assert 0 <= surprise(before, start + more) <= surprise(before, start + more + 1)
