"""Whether what is held is still there."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from flows.steps import discover, reading, sweep
from flows.steps.run import Run
from gitinsight.settings import Settings
from gitinsight.things.issue_comments import ISSUE_COMMENTS
from gitinsight.things.issues import ISSUES
from tests.support.analyses import attempting, count, rows
from tests.support.clients import client_of
from tests.support.github import GitHub
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
DAY = timedelta(days=1)


@pytest.fixture
def run(settings: Settings, warehouse: Engine) -> Iterator[Run]:
    """Everything is read, and the first round of the sweep has begun."""
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        for thing in (ISSUES, ISSUE_COMMENTS):
            reading.read(run, thing)
        sweep.sweep(run)
        yield run


def later(run: Run, days: float) -> None:
    """The sweep goes by what time it is upstream."""
    with run.warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.cursors set state = jsonb_set(state, '{swept_at}',"
            f" to_jsonb((state ->> 'swept_at')::timestamptz - interval '{days} days'))"
            " where thing = 'sweep'"
        )


def test_it_is_due_once_a_day(run: Run) -> None:
    assert not sweep.is_due(run)

    later(run, 1)

    assert sweep.is_due(run)


def test_a_day_asks_for_a_seventh_and_a_week_for_everything(run: Run, github: GitHub) -> None:
    github.start_counting()
    later(run, 7)
    sweep.sweep(run)
    in_a_week = github.counted()["charged"]
    github.start_counting()
    later(run, 1)
    sweep.sweep(run)

    assert 1 <= github.counted()["charged"] <= in_a_week
    assert in_a_week <= 6, "a hundred ids a point"


@pytest.mark.parametrize(
    ("operation", "thing", "reason"),
    [
        ("delete_issue", "issues", "deleted"),
        ("delete_comment", "issue_comments", "deleted: what it was said about is shown, and"),
    ],
)
def test_what_was_deleted_is_found_and_proved(
    run: Run, github: GitHub, operation: str, thing: str, reason: str
) -> None:
    warehouse = run.warehouse
    github.change(NAME, operation)
    later(run, 7)

    touched = sweep.sweep(run).touched

    assert touched > 0
    found = rows(
        warehouse,
        f"select deleted_reason from raw.github_{thing} where deleted_at is not null",
    )
    assert len(found) == 1
    assert found[0][0].startswith(reason)
    assert count(warehouse, "ops.suspects") == 0


def test_a_404_proves_nothing_until_it_has_been_met_three_times(
    run: Run, warehouse: Engine, github: GitHub
) -> None:
    github.change(NAME, "convert_issue", number=2)
    later(run, 7)

    for checks in (1, 2):
        sweep.sweep(run)
        assert rows(warehouse, "select checks from ops.suspects where thing = 'issues'") == [
            (checks,)
        ]
        assert count(warehouse, "raw.github_issues where deleted_at is not null") == 0
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "update ops.suspects set checked_at = checked_at - interval '9 hours'"
            )
    sweep.sweep(run)

    assert rows(
        warehouse, "select deleted_reason from raw.github_issues where deleted_at is not null"
    ) == [("not visible, asked 3 times",)]


def test_what_this_token_may_not_see_any_more_is_not_gone(
    run: Run, warehouse: Engine, github: GitHub
) -> None:
    [(node_id,)] = rows(warehouse, "select payload ->> 'node_id' from raw.github_issues limit 1")
    github.control(graphql_refuse=node_id)
    github.change(NAME, "delete_comment")
    later(run, 7)

    sweep.sweep(run)

    assert count(warehouse, "ops.suspects") == 0
    assert count(warehouse, "raw.github_issues where deleted_at is not null") == 0
    assert count(warehouse, "raw.github_issue_comments where deleted_at is not null") == 1


def test_without_a_token_nothing_is_swept(run: Run, github: GitHub) -> None:
    run.client.close()
    run.client = client_of(github.url)
    later(run, 7)
    github.start_counting()

    assert sweep.sweep(run).touched == 0
    assert github.counted()["requests"] == 0


def test_issues_that_are_switched_off_are_not_deleted(run: Run, github: GitHub) -> None:
    github.control(state={run.repository.full_name: "no_issues"})

    assert sweep.issue_by_number(run, 1) == (None, None)
