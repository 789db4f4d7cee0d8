"""What a list of repositories shows of each."""

from datetime import date, timedelta

from tests.support.marts import make
from tests.support.rows import add_repository, claim
from warehouse import overview
from warehouse.engine import Engine
from warehouse.overview import WEEKS

MONDAY = date(2026, 6, 1)
SUMMARY = """
    repository_id bigint primary key, language text, stargazers_count bigint,
    issues_open_count bigint, pull_requests_open_count bigint
"""
HEALTH = "repository_id bigint, iso_week date, score float8, primary key (repository_id, iso_week)"
WEEKLY = """
    repository_id bigint, iso_week date, commits_count bigint,
    primary key (repository_id, iso_week)
"""


def test_what_is_not_published_yet_is_not_known(warehouse: Engine) -> None:
    add_repository(warehouse)
    with warehouse.begin() as connection:
        found = overview.several(connection, [1])[1]

    assert (found.language, found.health_score, found.trend, found.trend_since) == (
        None, None, [], None,
    )  # fmt: skip
    assert found.job_id is None


def test_health_is_of_the_last_week_and_the_trend_of_the_last_half_year(warehouse: Engine) -> None:
    for number in (1, 2):
        add_repository(warehouse, f"octo/{number}", github_id=number)
    job = claim(warehouse, 2)
    weeks = [MONDAY + timedelta(weeks=one) for one in range(WEEKS + 2)]
    with warehouse.begin() as connection:
        make(connection, "marts.repository_summary", SUMMARY, (1, "Python", 812, None, 7))
        make(
            connection, "marts.health_score", HEALTH,
            (1, weeks[0], 50.0), (1, weeks[1], 71.4), (2, weeks[2], 3.0),
        )  # fmt: skip
        make(
            connection, "marts.weekly_activity", WEEKLY,
            *((1, week, None if week == weeks[2] else number) for number, week in enumerate(weeks)),
            (2, weeks[0], 99),
        )  # fmt: skip
        found = overview.several(connection, [1, 2])

    assert list(found) == [1, 2]
    assert (found[1].language, found[1].issues_open_count, found[1].health_score) == (
        "Python", None, 71.4,
    )  # fmt: skip
    assert found[1].trend == [None, *range(3, WEEKS + 2)]
    assert found[1].trend_since == weeks[2]
    assert found[1].job_id is None
    assert (found[2].job_id, found[2].job_state, found[2].trend) == (job.job_id, "running", [99])
