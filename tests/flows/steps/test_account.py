"""The ledger: what exists upstream beside what is held, and why the two differ."""

from uuid import UUID

import pytest

from flows.steps.extract import extract
from gitinsight.github.payloads import Kind, Quarantined
from gitinsight.settings import GitHubSettings, Settings
from tests.support.analyses import attempting, rows
from tests.support.github import GitHub
from tests.support.repositories import make_repository
from tests.support.rows import AT, fetch
from warehouse import quarantine
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
COUNTED = (
    "branches", "commits", "deployments", "discussion_comments", "discussions", "forks",
    "issue_comments", "issues", "labels", "milestones", "pull_request_commits",
    "pull_request_files", "pull_requests", "releases", "review_comments", "reviews",
    "stars_history", "tags", "workflow_runs",
)  # fmt: skip


def ledger(warehouse: Engine) -> dict[str, tuple[int | None, int | None, str, str | None]]:
    return {
        thing: (upstream, held, state, reason)
        for thing, upstream, held, state, reason in rows(
            warehouse,
            "select thing, upstream_count, held_count, state, reason from ops.completeness",
        )
    }


def read(settings: Settings, warehouse: Engine, name: str) -> None:
    with attempting(settings, warehouse, name) as run:
        extract(run, lambda _name, step: step())


@pytest.mark.parametrize("name", [NAME, "synthetic-labs/empty-repo"])
def test_everything_that_can_be_counted_is_whole(
    settings: Settings, warehouse: Engine, name: str
) -> None:
    read(settings, warehouse, name)

    found = ledger(warehouse)
    assert {thing for thing, entry in found.items() if entry[2] == "complete"} == set(COUNTED)
    assert {entry[2] for entry in found.values()} == {"complete", "uncounted"}


def test_what_github_counts_by_state_is_kept_for_the_gate(
    settings: Settings, warehouse: Engine
) -> None:
    read(settings, warehouse, NAME)

    ((told,),) = rows(warehouse, "select state from ops.cursors where thing = 'totals'")
    held = rows(
        warehouse,
        "select 'issues_' || (payload ->> 'state'), count(*) from raw.github_issues"
        " where not payload ? 'pull_request' group by 1 union all"
        " select 'pull_requests_' || lower(payload ->> 'state'), count(*)"
        " from raw.github_pull_requests group by 1",
    )
    assert told["by_state"] == dict(held)


def test_what_is_missing_and_cannot_be_mended_is_seen(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse, NAME)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "delete from raw.git_tags where name = (select min(name) from raw.git_tags)"
        )
    github.change(NAME, "new_issue")

    read(settings, warehouse, NAME)

    assert ledger(warehouse)["tags"][2:] == ("partial", "+1 not explained")


def test_a_record_in_quarantine_is_missing_and_explained(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse, NAME)
    refuse(warehouse, "labels")
    refuse(warehouse, "issue_events")
    github.change(NAME, "new_issue")

    read(settings, warehouse, NAME)

    upstream, held, *judgement = ledger(warehouse)["labels"]
    assert judgement == ["partial", "1 of them is in quarantine"]
    assert upstream == (held or 0) + 1
    assert ledger(warehouse)["issue_events"][2:] == ("partial", "1 of them is in quarantine")


def refuse(warehouse: Engine, thing: str) -> None:
    """As if one record had been refused when it was read."""
    with warehouse.begin() as connection:
        (lost,) = fetch(
            connection,
            f"delete from raw.github_{thing} where id = (select min(id) from raw.github_{thing})"
            " returning repository_id, id",
        )
        quarantine.keep(
            connection, thing, [Quarantined(Kind.RECORD, lost[1], b"{", "broken")],
            repository_id=lost[0], source="rest", at=AT, job_id=UUID(int=1),
        )  # fmt: skip


def test_without_a_token_reviews_are_unavailable_and_not_none(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(limits={"without": 5000})
    told = settings.github.model_dump() | {"tokens": ""}
    settings = settings.model_copy(update={"github": GitHubSettings.model_validate(told)})

    read(settings, warehouse, NAME)

    upstream, held, state, reason = ledger(warehouse)["reviews"]
    assert (upstream, held, state) == (None, None, "unavailable")
    assert reason is not None
    assert "needs a token" in reason


def test_a_git_remote_has_commits_tags_and_branches_and_nothing_else(
    settings: Settings, warehouse: Engine
) -> None:
    path = make_repository(settings.state_dir / "here", commits=2)

    read(settings, warehouse, str(path))

    assert ledger(warehouse) == {
        "commits": (2, 2, "complete", None),
        "tags": (0, 0, "complete", None),
        "branches": (1, 1, "complete", None),
    }


def test_a_total_that_is_not_shown_to_this_token_costs_no_other(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(graphql_refuse="labels")

    read(settings, warehouse, NAME)

    found = ledger(warehouse)
    assert found["labels"] == (None, 5, "uncounted", "GitHub gives no total")
    assert found["milestones"] == (1, 1, "complete", None)


def test_comments_of_issues_that_are_switched_off_are_unavailable_and_not_none(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(state={NAME: "no_issues"})

    read(settings, warehouse, NAME)

    assert ledger(warehouse)["issue_comments"][:3] == (None, None, "unavailable")
