"""Weeks of stars, made of when each was given."""

from datetime import UTC, datetime

from gitinsight.simulator.records import Repository
from gitinsight.simulator.rest_records import star_weeks


def test_weeks_start_on_sunday_and_have_no_gap() -> None:
    repository = Repository(1, "r", datetime(2026, 1, 1, tzinfo=UTC))
    repository.stars = [
        "2026-01-04T00:00:00Z", "2026-01-10T23:59:59Z", "2026-01-10T01:00:00Z",
        "2026-01-19T12:00:00Z",
    ]  # fmt: skip

    weeks = star_weeks(repository)

    days = [datetime.fromtimestamp(one["week"], UTC).strftime("%a %d") for one in weeks]
    assert days == ["Sun 18", "Sun 11", "Sun 04"]
    assert [one["total"] for one in weeks] == [1, 0, 3]
    assert weeks[2]["days"] == [1, 0, 0, 0, 0, 0, 2]


def test_without_stars_there_are_no_weeks() -> None:
    assert star_weeks(Repository(1, "r", datetime(2026, 1, 1, tzinfo=UTC))) == []
