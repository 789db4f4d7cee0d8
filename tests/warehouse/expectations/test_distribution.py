"""Shares and hours in the figures that were made, beside those that are shown."""

from datetime import timedelta

import pytest

from tests.support.marts import make
from tests.support.rows import AT
from warehouse.engine import Connection, Engine
from warehouse.expectations import distribution

ISSUES = """
    repository_id bigint, number int, author_class text, created_at timestamptz,
    primary key (repository_id, number)
"""
DAYS = """
    repository_id bigint, day date, commits_count bigint, commits_human_count bigint,
    primary key (repository_id, day)
"""
PATTERN = "repository_id bigint, hour_of_day int, commits_human_count bigint"


def failing(connection: Connection) -> dict[str, str]:
    found = list(distribution.run(connection, 1))
    assert {one.severity for one in found} <= {"warn"}
    return {one.check_name: one.observed_text for one in found if one.observed < one.least}


def humans(connection: Connection, schema: str, count: int | None, of: int = 100) -> None:
    make(connection, f"{schema}.daily_activity", DAYS, (1, AT.date(), of, count))


def opened(connection: Connection, schema: str, *, late: int, of: int = 60) -> None:
    """Issues of which so many were opened nine hours later in the day than the others."""
    rows = [
        (1, one, "human", AT + timedelta(hours=9 if one < late else 0, days=one))
        for one in range(of)
    ]
    make(connection, f"{schema}.issue_responsiveness", ISSUES, *rows)


def test_more_bots_at_once_are_seen(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        humans(connection, "marts", 90)
        humans(connection, "candidate", 65)
        assert failing(connection) == {}
        humans(connection, "candidate", 64)

        assert failing(connection) == {
            "drift:daily_activity.commits_human_count": "64% by humans, 90% before"
        }


@pytest.mark.parametrize(("count", "of"), [(None, 100), (0, 49)], ids=["unknown", "few"])
def test_a_share_that_is_not_known_is_not_compared(
    warehouse: Engine, count: int | None, of: int
) -> None:
    with warehouse.begin() as connection:
        humans(connection, "marts", 90)
        humans(connection, "candidate", count, of)

        assert failing(connection) == {}


def test_hours_that_shift_are_seen(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        opened(connection, "marts", late=0)
        opened(connection, "candidate", late=15)
        assert failing(connection) == {}
        opened(connection, "candidate", late=16)

        assert failing(connection) == {
            "hours:issue_responsiveness": "27% of all moved to another hour of the day"
        }


def test_hours_are_weighed_by_what_they_count(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        make(connection, "marts.work_pattern", PATTERN, (1, 9, 100), (1, 18, 0))
        make(connection, "candidate.work_pattern", PATTERN, (1, 9, 100), (1, 18, 34))
        assert failing(connection).keys() == {"hours:work_pattern"}
        make(connection, "candidate.work_pattern", PATTERN, (1, 9, 0), (1, 18, 0))
        assert failing(connection) == {}
        make(connection, "candidate.work_pattern", PATTERN)

        assert failing(connection) == {}


def test_a_mart_that_is_not_there_is_not_compared(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        opened(connection, "candidate", late=60)

        assert list(distribution.run(connection, 1)) == []
