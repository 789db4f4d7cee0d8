"""Durations between facts."""

from datetime import UTC, datetime, timedelta

import pytest

from models.facts import hours_between

AT = datetime(2026, 3, 29, tzinfo=UTC)


@pytest.mark.parametrize("hours", [0, 0.5, 49])
def test_durations_are_wall_clock_hours(hours: float) -> None:
    assert hours_between(AT, AT + timedelta(hours=hours)) == hours


def test_an_end_before_its_start_is_refused() -> None:
    with pytest.raises(ValueError, match="lies before"):
        hours_between(AT, AT - timedelta(seconds=1))
