"""When one model is worse than another."""

import numpy as np
import pytest

from models.comparison import Score, difference, f1, is_worse

LABELS = np.arange(300) % 3


def wrong(often: int) -> np.ndarray:
    said = LABELS.copy()
    said[:often] = (said[:often] + 1) % 3
    return said


def test_f1_is_that_of_the_classes_that_are_asked_for() -> None:
    labels = np.array([1, 1, 1, 0, 0])
    said = np.array([1, 1, 0, 1, 0])

    assert f1(said, labels, (1,)).value == pytest.approx(2 * 2 / (3 + 3))
    assert f1(said, labels, (0, 1)).value == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_the_interval_is_around_the_value() -> None:
    score = f1(wrong(60), LABELS, range(3))

    assert score.value == pytest.approx(0.8)
    assert score.low < score.value < score.high


def test_the_same_judge_is_no_better_than_himself() -> None:
    found = difference(wrong(60), wrong(60), LABELS, range(3))

    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert not is_worse(found)


def test_what_is_judged_alike_does_not_blur_what_is_not() -> None:
    found = difference(wrong(60), wrong(66), LABELS, range(3))

    assert found.value == pytest.approx(0.02)
    assert found.low > 0
    assert is_worse(difference(wrong(66), wrong(60), LABELS, range(3)))


@pytest.mark.parametrize(
    ("value", "low", "high", "worse"),
    [
        (0.0, -0.02, 0.02, False), (-0.004, -0.02, 0.01, False), (-0.006, -0.02, 0.01, True),
        (-0.004, -0.006, -0.001, True), (0.03, 0.01, 0.05, False),
    ],
)  # fmt: skip
def test_worse_is_noticeably_or_surely(
    value: float, low: float, high: float, *, worse: bool
) -> None:
    assert is_worse(Score(value, low, high)) is worse
