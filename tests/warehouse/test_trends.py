"""The series that forecasts are made of, and who and what was there on a day."""

from datetime import date, timedelta

import pytest

from models.facts import DayCount
from tests.support.marts import make
from tests.support.rows import AT
from warehouse import trends
from warehouse.engine import Connection, Engine

MONDAY = date(2026, 3, 2)
WEEKLY = """
    repository_id bigint, iso_week date, is_complete boolean, commits_human_count bigint,
    issues_opened_human_count bigint, pull_requests_opened_human_count bigint,
    active_persons_count bigint
"""
STARS = "repository_id bigint, day date, stars_gained_count bigint"
ASKED = "repository_id bigint, opened_week date, first_response_km_p50_hours double precision"
DAILY = """
    repository_id bigint, day date, is_complete boolean, commits_human_count bigint,
    issues_opened_human_count bigint, pull_requests_opened_human_count bigint
"""
MADE = "repository_id bigint, person text, kind text, made_at timestamptz"
ACTORS = "repository_id bigint, login text, actor_class text"
RELEASES = "repository_id bigint, tag_name text, released_at timestamptz"


def weeks(connection: Connection) -> None:
    make(
        connection, "candidate.weekly_activity", WEEKLY,
        (1, MONDAY, True, 5, None, 2, 3),
        (1, MONDAY + timedelta(weeks=1), True, 7, 1, 0, 2),
        (1, MONDAY + timedelta(weeks=2), False, 1, 1, 1, 1),
        (2, MONDAY, True, 99, 99, 99, 99),
    )  # fmt: skip
    make(
        connection, "candidate.stars_growth", STARS,
        *((1, MONDAY + timedelta(days=day), day % 2) for day in range(7)),
        *((1, MONDAY + timedelta(days=7 + day), None if day == 3 else 1) for day in range(7)),
    )  # fmt: skip
    make(connection, "candidate.pull_request_weekly", ASKED, (1, MONDAY, 3.5))


def test_series_end_with_the_last_week_that_is_complete(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        weeks(connection)
        last, series = trends.weekly(connection, 1)

    assert last == MONDAY + timedelta(weeks=1)
    assert series == {
        "commits": [5, 7], "issues_opened": [None, 1], "pull_requests_opened": [2, 0],
        "active_persons": [3, 2], "stars_gained": [3, None], "review_latency": [3.5, None],
    }  # fmt: skip


def test_without_a_week_there_is_no_series(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        weeks(connection)

        assert trends.weekly(connection, 3) == (None, {})


def test_days_come_in_order_from_then_on_and_what_is_not_known_is_none(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        make(
            connection, "candidate.daily_activity", DAILY,
            (1, MONDAY + timedelta(days=2), False, 9, 9, 9),
            (1, MONDAY + timedelta(days=1), True, 4, None, 0),
            (1, MONDAY, True, 3, None, 1),
            (1, MONDAY - timedelta(days=1), True, 8, 8, 8),
        )  # fmt: skip
        found = trends.daily(connection, 1, since=MONDAY)

    tuesday = MONDAY + timedelta(days=1)
    assert found == {
        "commits": [DayCount(MONDAY, 3), DayCount(tuesday, 4)],
        "issues_opened": [DayCount(MONDAY, None), DayCount(tuesday, None)],
        "pull_requests_opened": [DayCount(MONDAY, 1), DayCount(tuesday, 0)],
    }


@pytest.mark.parametrize("session_zone", ["UTC", "Pacific/Kiritimati"])
def test_those_who_did_most_of_a_day_are_humans_and_releases_are_near(
    warehouse: Engine, session_zone: str
) -> None:
    day = AT.date()
    near, far = AT - timedelta(days=1), AT - timedelta(days=2)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(f"set local timezone = '{session_zone}'")
        make(
            connection, "intermediate.int_contributions", MADE,
            *((1, person, "commit", AT) for person in ("ann", "bob", "bob", "cy", "dan", "bot")),
            (1, "ann", "issue", AT), (1, "ann", "commit", far),
        )  # fmt: skip
        make(
            connection, "intermediate.int_actors", ACTORS,
            *((1, one, "bot" if one == "bot" else "human")
              for one in ("ann", "bob", "cy", "dan", "bot")),
        )  # fmt: skip
        make(
            connection, "intermediate.int_releases", RELEASES,
            (1, "v1", far), (1, "v2", near), (2, "v3", AT),
        )  # fmt: skip
        persons, releases = trends.who_and_what(connection, 1, "commits", day, 1)

    assert persons == [
        {"person": "bob", "count": 2}, {"person": "ann", "count": 1}, {"person": "cy", "count": 1},
    ]  # fmt: skip
    assert releases == ["v2"]
