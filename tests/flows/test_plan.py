"""What an analysis would ask for, beside what it then does."""

from dataclasses import replace

import pytest

from flows.plan import Plan, plan
from gitinsight import targets
from gitinsight.errors import NotFound, NotVisible
from gitinsight.settings import Settings
from gitinsight.targets import GIT, Target
from tests.support.analyses import analyse, count, rows
from tests.support.github import GitHub
from warehouse.engine import Engine, make_engine

AURORA, BOREALIS = "synthetic-labs/aurora", "synthetic-labs/borealis"


def planned(settings: Settings, warehouse: Engine, name: str, *, is_full: bool = False) -> Plan:
    return plan(settings, warehouse, targets.parse_name(name, settings), is_full=is_full)


def test_a_repository_that_was_never_read_says_what_cannot_be_known(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.start_counting()

    found = planned(settings, warehouse, AURORA)

    assert github.counted()["requests"] <= 2
    assert count(warehouse, "ops.requests where job_id is null") == 2
    needs = {one.thing: one for one in found.needs}
    assert (found.is_full, found.is_quiet) == (True, False)
    assert needs["issue_comments"].requests is None
    assert set(found.unknown) == {
        "issue_comments", "review_comments", "issue_events", "identities", "workflow_runs",
        "workflow_jobs",
    }  # fmt: skip
    issues = needs["issues"]
    assert issues.records is not None
    assert issues.requests == -(-issues.records // 100) + 1
    pulls = needs["pull_requests"]
    assert pulls.records is not None
    assert (pulls.requests, pulls.points) == (0, -(-pulls.records // 24))
    assert (found.seconds, found.finish_at) == (None, None)


def test_a_total_that_is_not_shown_to_this_token_costs_no_other(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(graphql_refuse="labels")

    needs = {one.thing: one for one in planned(settings, warehouse, AURORA).needs}

    assert needs["labels"].records is None
    assert needs["issues"].records is not None


def test_the_plan_of_a_full_run_is_what_the_run_then_asks_for(
    analysed: Settings, github: GitHub
) -> None:
    engine = make_engine(analysed.warehouse_url, process="test")
    found = planned(analysed, engine, BOREALIS, is_full=True)
    job = analyse(analysed, engine, BOREALIS, is_full=True)

    sent = dict(
        rows(
            engine,
            f"select bucket, count(*) from ops.requests where job_id = '{job.job_id}' group by 1",
        )
    )
    engine.dispose()

    assert found.unknown == []
    assert found.requests == pytest.approx(sent["core"], rel=0.15)
    # What does not fit into its record is asked for further: nobody knows before how much that is.
    assert found.points == pytest.approx(sent["graphql"], abs=1)
    assert found.seconds is not None
    assert found.finish_at is not None


def test_the_next_run_of_an_unchanged_repository_takes_six_requests(
    analysed: Settings, github: GitHub
) -> None:
    engine = make_engine(analysed.warehouse_url, process="test")
    quiet = planned(analysed, engine, BOREALIS)
    github.change(BOREALIS, "new_issue")

    changed = planned(analysed, engine, BOREALIS)
    engine.dispose()

    assert (quiet.is_quiet, quiet.requests, quiet.points) == (True, 6, 0)
    assert changed.is_quiet is False
    assert changed.requests > quiet.requests
    assert "issue_comments" in changed.unknown


def test_a_limit_that_is_not_enough_moves_the_end_past_its_window(
    analysed: Settings, github: GitHub
) -> None:
    engine = make_engine(analysed.warehouse_url, process="test")
    github.control(calm=True, limits={"with token": 10})

    found = planned(analysed, engine, BOREALIS, is_full=True)
    engine.dispose()

    assert found.seconds is not None
    assert found.seconds > 3_000


def test_what_github_does_not_show_has_no_plan(settings: Settings, warehouse: Engine) -> None:
    with pytest.raises(NotVisible):
        planned(settings, warehouse, "synthetic-labs/none")
    local = Target(GIT, "local/x", "/x")
    with pytest.raises(NotFound):
        plan(settings, warehouse, local, is_full=False)


def test_without_a_token_most_is_unknown_and_nothing_costs_points(
    settings: Settings, warehouse: Engine
) -> None:
    told = settings.github.model_copy(update={"tokens": ()})

    found = planned(settings.model_copy(update={"github": told}), warehouse, AURORA)

    assert found.points == 0
    assert {"issues", "pull_requests", "labels"} <= set(found.unknown)
    assert replace(found, needs=[]).summary()["repository"] == AURORA
