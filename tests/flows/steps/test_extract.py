"""The order that costs least: an unchanged repository is free, a changed one costs what changed."""

from uuid import UUID

import pytest

from flows.steps.extract import Extraction, extract
from gitinsight import clock
from gitinsight.errors import BrokenAnswer
from gitinsight.github.payloads import Kind, Quarantined
from gitinsight.settings import Settings
from gitinsight.simulator.organisation import Organisation, truth
from tests.support.analyses import attempting, count, enqueue, rows
from tests.support.clients import client_of
from tests.support.github import GitHub
from tests.support.rows import AT
from tests.support.upstream import Reply, Upstream
from warehouse import dirty, quarantine
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
TRUTH = truth(Organisation().repositories["aurora"])


def read(settings: Settings, warehouse: Engine) -> Extraction:
    with attempting(settings, warehouse, NAME) as run:
        return extract(run, lambda _name, step: step())


def test_an_unchanged_repository_costs_six_free_requests_at_most(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse)

    for _ in range(4):
        github.start_counting()
        extraction = read(settings, warehouse)

        assert extraction.account is None
        assert not extraction.has_changed
        assert github.counted()["requests"] <= 6
        assert set(github.counted()["by_status"]) == {"304"}


def test_a_workflow_run_is_seen_by_the_next_poll_although_nothing_else_has_changed(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    """It begins, and ends later, without a word from any other list."""
    github.change(NAME, "finish_run")
    read(settings, warehouse)
    read(settings, warehouse)
    told = "select payload ->> 'status' from raw.github_workflow_runs order by id desc limit 1"

    for operation, status in (("new_run", "in_progress"), ("finish_run", "completed")):
        github.change(NAME, operation)
        read(settings, warehouse)
        assert rows(warehouse, told) == [(status,)]


def test_what_github_counts_and_does_not_show_is_told_and_not_looked_for_at_each_poll(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    for _ in range(30):
        github.change(NAME, "hide_comment")
    told = "select held_count, state from ops.completeness where thing = 'issue_comments'"
    partial = [(TRUTH["issue_comments"] - 30, "partial")]
    read(settings, warehouse)
    assert rows(warehouse, told) == partial

    github.start_counting()
    read(settings, warehouse)

    assert rows(warehouse, told) == partial
    assert set(github.counted()["by_status"]) == {"304"}
    github.change(NAME, "new_comment")
    assert read(settings, warehouse).has_changed
    assert rows(warehouse, told) == [(TRUTH["issue_comments"] - 29, "partial")]


def test_a_change_is_found_and_accounted_for(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse)
    github.change(NAME, "new_issue")
    github.change(NAME, "new_commit")

    extraction = read(settings, warehouse)

    assert {name for name, one in extraction.results.items() if one.touched} >= {
        "issues", "commits"
    }  # fmt: skip
    assert extraction.account is not None
    assert extraction.account.gaps == []
    assert count(warehouse, "raw.git_commits where is_on_default_branch") == 241


def test_a_full_analysis_reads_everything_anew_and_writes_nothing_twice(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "delete from raw.github_issue_comments where id in"
            " (select id from raw.github_issue_comments limit 7)"
        )
    enqueue(settings, warehouse, NAME, is_full=True)

    extraction = read(settings, warehouse)

    assert extraction.results["issue_comments"].touched == 7
    assert extraction.results["issues"].touched == 0
    assert count(warehouse, "raw.github_issue_comments") == TRUTH["issue_comments"]
    assert extraction.account is not None
    assert extraction.account.gaps == []


def test_steps_run_under_their_names(settings: Settings, warehouse: Engine) -> None:
    names: list[str] = []
    with attempting(settings, warehouse, NAME) as run:
        extract(run, lambda name, step: (names.append(name), step())[1])

    assert names[0] == "repositories"
    assert set(names[1:5]) == {"issues", "issue_comments", "review_comments", "commits"}
    assert {"commits", "pull_requests", "identities", "catalogue"} <= set(names)
    assert len(names) == len(set(names))


def test_an_answer_that_stays_broken_is_kept_until_a_whole_one_has_been_read(
    settings: Settings, warehouse: Engine
) -> None:
    unicorn = b"<html>Unicorn!</html>"
    kept = "select thing, kind, raw, replayed_at is null from ops.quarantine where kind = 'answer'"
    with Upstream(Reply(body=unicorn)) as upstream, attempting(settings, warehouse, NAME) as run:
        run.client.close()
        run.client = client_of(upstream.url)
        with pytest.raises(BrokenAnswer):
            extract(run, lambda _name, step: step())
        run.client.close()
    assert rows(warehouse, kept) == [("repositories", "answer", unicorn, True)]

    read(settings, warehouse)

    assert rows(warehouse, kept) == [("repositories", "answer", unicorn, False)]


def test_what_has_come_out_of_quarantine_is_accounted_for_although_nothing_has_changed(
    settings: Settings, warehouse: Engine
) -> None:
    read(settings, warehouse)
    assert read(settings, warehouse).account is None
    ((repository_id,),) = rows(warehouse, "select repository_id from ops.repositories")
    with warehouse.begin() as connection:
        quarantine.keep(
            connection, "issues", [Quarantined(Kind.RECORD, 5, b"{", "")], source="rest", at=AT,
            repository_id=repository_id, job_id=UUID(int=1),
        )  # fmt: skip
        quarantine.close(connection, "issues", repository_id, [5], at=AT)

    assert read(settings, warehouse).account is not None


def test_what_a_webhook_marked_is_read_and_no_longer_marked(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse)
    [(repository_id, number)] = rows(
        warehouse,
        "select repository_id, (payload ->> 'number')::int from raw.github_pull_requests"
        " order by id limit 1",
    )
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "delete from raw.github_reviews"
            f" where (payload ->> 'pullRequestNumber')::int = {number}"
        )
        marked = [("pull_requests", str(number)), ("labels", dirty.ALL)]
        dirty.mark(connection, repository_id, marked, reason="review", at=clock.now())
    whole = count(warehouse, "raw.github_reviews")

    read(settings, warehouse)

    assert count(warehouse, "raw.github_reviews") > whole
    assert count(warehouse, "ops.dirty") == 0


def test_what_is_missing_is_looked_for_although_nothing_has_changed(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    read(settings, warehouse)
    github.control(state={NAME: "no_issues"})

    switched_off = read(settings, warehouse)
    github.control(calm=True)
    switched_on = read(settings, warehouse)

    assert switched_off.account is not None
    assert {one.thing: one.state for one in switched_off.account.gaps} == {
        "issues": "unavailable", "issue_comments": "unavailable", "issue_events": "unavailable",
    }  # fmt: skip
    assert switched_on.account is not None
    assert switched_on.account.gaps == []
    assert read(settings, warehouse).account is None
