"""The numbers of an account's activities."""

import numpy as np
import pytest

from models.behaviour import FEATURES, Activities, behaviour


def told(kinds: list[str], hours: list[float]) -> dict[str, float]:
    return dict(zip(FEATURES, behaviour(Activities("ann", kinds, hours)).tolist(), strict=True))


def test_pauses_switches_and_kinds_are_described() -> None:
    found = told(["a", "a", "b", "a"], [0, 1, 3, 3])

    assert (found["activities_count"], found["kinds_count"]) == (4, 2)
    # Pauses of 1, 2 and 0 hours; two of them end with another kind; three of one kind, one of two.
    assert (found["pause_mean"], found["pause_p50"], found["pause_std"]) == (1, 1, 1)
    assert found["pause_iqr"] == pytest.approx(1)
    assert found["pause_gini"] == pytest.approx(1 / 6)
    assert (found["switch_mean"], found["switch_p50"]) == (1, 1)
    assert found["of_a_kind_mean"] == 2
    assert found["of_a_kind_gini"] == pytest.approx(0.25)


def test_what_does_not_exist_is_no_number() -> None:
    found = told(["a", "a"], [0, 5])

    assert np.isnan(found["switch_mean"])
    assert (found["switch_std"], found["switch_gini"]) == (0, 0)
    assert (found["pause_mean"], found["pause_std"]) == (5, 0)


def test_what_comes_at_once_is_alike() -> None:
    assert told(["a"] * 5, [7.0] * 5)["pause_gini"] == 0
