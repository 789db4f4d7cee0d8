"""What the counts say is missing is fetched at once; what is too much is asked about."""

import pytest

from flows.steps import sweep
from flows.steps.extract import extract
from flows.steps.run import Run
from gitinsight.settings import Settings
from gitinsight.things.issues import ISSUES
from tests.support.analyses import attempting, count, rows
from tests.support.github import GitHub
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
GONE = "select deleted_reason from raw.github_{} where deleted_at is not null"


@pytest.fixture
def warehouse_read(settings: Settings, warehouse: Engine) -> Engine:
    read(settings, warehouse)
    return warehouse


def read(settings: Settings, warehouse: Engine) -> None:
    with attempting(settings, warehouse, NAME) as run:
        extract(run, lambda _name, step: step())


def states(warehouse: Engine) -> set[str]:
    return {state for (state,) in rows(warehouse, "select distinct state from ops.completeness")}


@pytest.mark.parametrize(
    "table",
    [
        "issue_comments", "reviews", "pull_request_commits", "pull_request_files",
        "review_comments", "labels", "forks", "workflow_runs", "deployments", "stars_history",
    ],
)  # fmt: skip
def test_rows_that_are_missing_are_fetched(
    settings: Settings, warehouse_read: Engine, github: GitHub, table: str
) -> None:
    whole = count(warehouse_read, f"raw.github_{table}")
    with warehouse_read.begin() as connection:
        connection.exec_driver_sql(
            f"delete from raw.github_{table} where id in"
            f" (select id from raw.github_{table} order by id limit 3)"
        )
    github.change(NAME, "new_issue")

    read(settings, warehouse_read)

    assert count(warehouse_read, f"raw.github_{table}") == whole
    assert states(warehouse_read) == {"complete", "uncounted"}


def test_an_issue_that_is_missing_is_fetched_by_its_number(
    settings: Settings, warehouse_read: Engine, github: GitHub
) -> None:
    with warehouse_read.begin() as connection:
        connection.exec_driver_sql(
            "delete from raw.github_issues where (payload ->> 'number')::int in (3, 4)"
        )
    github.change(NAME, "new_issue")
    github.start_counting()

    read(settings, warehouse_read)

    assert count(
        warehouse_read, "raw.github_issues where (payload ->> 'number')::int in (3, 4)"
    ) == 2  # fmt: skip
    assert states(warehouse_read) == {"complete", "uncounted"}


def test_what_is_missing_of_an_issue_that_was_missing_is_fetched_with_it(
    settings: Settings, warehouse_read: Engine, github: GitHub
) -> None:
    whole = count(warehouse_read, "raw.github_issue_comments")
    ((number,),) = rows(
        warehouse_read,
        "select (payload ->> 'number')::int from raw.github_issues"
        " where (payload ->> 'comments')::int > 1 order by 1 limit 1",
    )
    with warehouse_read.begin() as connection:
        connection.exec_driver_sql(
            f"delete from raw.github_issues where (payload ->> 'number')::int = {number}"
        )
        connection.exec_driver_sql(
            "delete from raw.github_issue_comments"
            f" where payload ->> 'issue_url' like '%%/{number}'"
        )
    github.change(NAME, "new_issue")

    read(settings, warehouse_read)

    assert count(warehouse_read, "raw.github_issue_comments") == whole
    assert states(warehouse_read) == {"complete", "uncounted"}


@pytest.mark.parametrize(
    ("operation", "reason"), [("delete_issue", "deleted"), ("transfer_issue", "transferred")]
)
def test_an_issue_that_is_gone_is_marked_with_the_proof(
    settings: Settings, warehouse_read: Engine, github: GitHub, operation: str, reason: str
) -> None:
    options = {"to": "borealis"} if operation == "transfer_issue" else {}
    github.change(NAME, operation, number=5, **options)
    github.change(NAME, "new_issue")

    read(settings, warehouse_read)

    assert rows(warehouse_read, GONE.format("issues")) == [(reason,)]
    assert states(warehouse_read) == {"complete", "uncounted"}


@pytest.mark.parametrize("was_held", [True, False])
def test_events_of_an_issue_that_is_gone_are_gone_although_they_came_later(
    settings: Settings, warehouse_read: Engine, github: GitHub, *, was_held: bool
) -> None:
    """It was deleted between two lists: of events, which had it, and of issues, which had not."""
    number = with_events(warehouse_read)
    events = events_of(number)
    comments = f"raw.github_issue_comments where payload ->> 'issue_url' like '%%/{number}'"
    github.change(NAME, "delete_issue", number=number)
    with warehouse_read.begin() as connection:
        connection.exec_driver_sql(
            f"delete from raw.github_issues where (payload ->> 'number')::int = {number}"
            if not was_held
            else "update raw.github_issues set deleted_at = now(), deleted_reason = 'deleted'"
            f" where (payload ->> 'number')::int = {number}"
        )
    github.change(NAME, "new_issue")
    assert count(warehouse_read, events) > 0

    read(settings, warehouse_read)

    assert count(warehouse_read, events) == 0
    assert count(warehouse_read, f"{comments} and deleted_at is null") == 0
    assert states(warehouse_read) == {"complete", "uncounted"}


def test_events_of_an_issue_that_is_not_shown_are_gone_when_it_was_asked_for_three_times(
    settings: Settings, warehouse_read: Engine, github: GitHub
) -> None:
    """What became a discussion, GitHub says to nobody."""
    number = with_events(warehouse_read)
    github.change(NAME, "convert_issue", number=number)
    with warehouse_read.begin() as connection:
        connection.exec_driver_sql(
            f"delete from raw.github_issues where (payload ->> 'number')::int = {number}"
        )

    left = []
    for _ in range(4):
        github.change(NAME, "new_issue")
        read(settings, warehouse_read)
        left.append(count(warehouse_read, events_of(number)))
        with warehouse_read.begin() as connection:
            connection.exec_driver_sql(
                "update ops.suspects set checked_at = checked_at - interval '9 hours'"
            )

    assert left[0] == left[1] > left[2] == left[3] == 0
    assert count(warehouse_read, "ops.suspects") == 0


def with_events(warehouse: Engine) -> int:
    """The number of an issue, which is no pull request."""
    [(number,)] = rows(
        warehouse,
        "select min((payload #>> '{issue,number}')::int) from raw.github_issue_events"
        " where not exists (select from raw.github_pull_requests as pull"
        " where pull.payload ->> 'number' = github_issue_events.payload #>> '{issue,number}')",
    )
    return int(number)


def events_of(number: int) -> str:
    return (
        "raw.github_issue_events where deleted_at is null"
        f" and (payload #>> '{{issue,number}}')::int = {number}"
    )


def test_an_issue_that_cannot_be_held_stops_nothing(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(hostile="number", repo=NAME, number=3)

    read(settings, warehouse)

    found = rows(warehouse, "select state, reason from ops.completeness where thing = 'issues'")
    assert found == [("partial", "1 of them is in quarantine")]


def test_a_review_comment_that_was_deleted_without_a_word_is_found(
    settings: Settings, warehouse_read: Engine, github: GitHub
) -> None:
    github.change(NAME, "delete_comment")
    github.change(NAME, "edit_issue")

    read(settings, warehouse_read)

    assert states(warehouse_read) == {"complete", "uncounted"}


def test_nothing_is_deleted_where_nearly_everything_is_missing(
    settings: Settings, warehouse_read: Engine, github: GitHub
) -> None:
    """An outage, or a permission that was lost, looks like that."""
    with attempting(settings, warehouse_read, NAME) as run:
        doubt = lose_everything(run)

    assert doubt is not None
    assert "nothing was taken for gone" in doubt
    assert rows(warehouse_read, GONE.format("issues")) == []
    assert count(warehouse_read, "ops.suspects") == 0


def lose_everything(run: Run) -> str | None:
    ids = [(number, f"I_nothing_{number}") for number in range(1, 60)]
    return sweep.ask(run, ISSUES, ids)
