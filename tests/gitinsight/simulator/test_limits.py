"""Primary limits, of each caller and bucket by itself."""

from gitinsight.simulator.limits import Limits


def test_callers_and_buckets_are_counted_apart() -> None:
    limits = Limits()

    assert limits.spend("a", "core", 2) == (5000, 4998)
    assert limits.spend("a", "graphql", 1) == (5000, 4999)
    assert limits.spend("b", "core", 1) == (5000, 4999)
    assert limits.spend("", "core", 1) == (60, 59)
    assert limits.spend("", "graphql", 1) == (0, -1)


def test_a_window_that_is_over_begins_anew() -> None:
    limits = Limits()
    limits.spend("a", "core", 5000)
    limits.window_ends = 1

    assert limits.spend("a", "core", 1) == (5000, 4999)
    assert limits.window_ends > 1
