"""Workflow runs by windows of creation, and the jobs of each run that ended."""

from collections.abc import Iterator

import pytest

from flows.steps import discover, reading
from flows.steps.run import Run
from flows.steps.windows import windowed
from gitinsight.settings import Settings
from gitinsight.simulator.organisation import Organisation, wider_truth
from gitinsight.things.workflow_jobs import WORKFLOW_JOBS
from gitinsight.things.workflow_runs import WORKFLOW_RUNS
from tests.support.analyses import attempting, count, rows
from tests.support.github import GitHub
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
TRUTH = wider_truth(Organisation().repositories["aurora"])
_ALL_DAYS = 10_000


@pytest.fixture
def run(settings: Settings, warehouse: Engine) -> Iterator[Run]:
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        run.workflow_jobs_days = _ALL_DAYS
        yield run


def test_every_run_is_held_and_the_next_reading_is_free(
    run: Run, warehouse: Engine, github: GitHub
) -> None:
    first = reading.read(run, WORKFLOW_RUNS)
    github.start_counting()
    again = reading.read(run, WORKFLOW_RUNS)

    assert first.touched == TRUTH["workflow_runs"] == count(warehouse, "raw.github_workflow_runs")
    assert again.touched == 0
    assert github.counted()["charged"] == 0


def test_windows_are_halved_until_the_list_shows_all_of_them(
    run: Run, warehouse: Engine, github: GitHub
) -> None:
    github.control(run_cap=3)

    windowed(run, WORKFLOW_RUNS, shown=3)

    assert count(warehouse, "raw.github_workflow_runs") == TRUTH["workflow_runs"]


def test_a_run_that_was_started_again_is_read_again_with_its_jobs(
    run: Run, warehouse: Engine, github: GitHub
) -> None:
    for thing in (WORKFLOW_RUNS, WORKFLOW_JOBS):
        reading.read(run, thing)
    github.change(NAME, "rerun")

    touched = [reading.read(run, thing).touched for thing in (WORKFLOW_RUNS, WORKFLOW_JOBS)]

    assert touched[0] == 1
    attempts = rows(
        warehouse, "select max((payload ->> 'run_attempt')::int) from raw.github_workflow_runs"
    )
    assert attempts == [(2,)] or attempts[0][0] > 1


def test_jobs_are_read_once_for_every_run_that_ended(
    run: Run, warehouse: Engine, github: GitHub
) -> None:
    reading.read(run, WORKFLOW_RUNS)
    first = reading.read(run, WORKFLOW_JOBS)
    github.start_counting()
    again = reading.read(run, WORKFLOW_JOBS)

    ended = count(warehouse, "raw.github_workflow_runs where payload ->> 'status' = 'completed'")
    with_jobs = rows(
        warehouse, "select count(distinct payload ->> 'run_id') from raw.github_workflow_jobs"
    )
    assert first.touched > 0
    assert with_jobs == [(ended,)]
    assert (again.touched, github.counted()["requests"]) == (0, 0)


def test_jobs_of_old_runs_are_left_alone(run: Run, github: GitHub) -> None:
    reading.read(run, WORKFLOW_RUNS)
    run.workflow_jobs_days = 0
    github.start_counting()

    reading.read(run, WORKFLOW_JOBS)

    assert github.counted()["requests"] == 0


def test_jobs_that_are_not_shown_are_unavailable_and_read_when_they_are(
    run: Run, warehouse: Engine, github: GitHub
) -> None:
    reading.read(run, WORKFLOW_RUNS)
    github.control(state={NAME: "forbidden"})
    refused = reading.read(run, WORKFLOW_JOBS)
    github.control(state={NAME: "open"})

    shown = reading.read(run, WORKFLOW_JOBS)

    assert refused.unavailable == "HTTP 403: Resource not accessible by integration"
    assert shown.unavailable is None
    assert shown.touched == count(warehouse, "raw.github_workflow_jobs") > 0


def test_runs_without_jobs_are_remembered_as_long_as_they_are_asked_about(
    run: Run, warehouse: Engine, github: GitHub
) -> None:
    reading.read(run, WORKFLOW_RUNS)
    github.control(state={NAME: "private"})  # as if every run were gone
    reading.read(run, WORKFLOW_JOBS)
    github.control(state={NAME: "open"})
    github.start_counting()
    reading.read(run, WORKFLOW_JOBS)
    asked_again = github.counted()["requests"]
    run.workflow_jobs_days = 1
    with warehouse.begin() as connection:  # as if it alone were young, and had been started again
        connection.exec_driver_sql(
            "update raw.github_workflow_runs set payload = payload"
            " || jsonb_build_object('created_at', now(), 'run_attempt', 9)"
            " where id = (select max(id) from raw.github_workflow_runs"
            " where payload ->> 'status' = 'completed')"
        )

    reading.read(run, WORKFLOW_JOBS)

    known = "select state -> 'empty' from ops.cursors where thing = 'workflow_jobs'"
    assert asked_again == 0
    assert rows(warehouse, known) == [(None,)]


def test_a_run_younger_than_githubs_clock_is_read_again(
    run: Run, warehouse: Engine, github: GitHub
) -> None:
    github.change(NAME, "finish_run")
    github.change(NAME, "new_run")
    reading.read(run, WORKFLOW_RUNS)
    github.change(NAME, "finish_run")
    github.control(clock_skew=-300)

    reading.read(run, WORKFLOW_RUNS)

    under_way = "raw.github_workflow_runs where payload ->> 'status' <> 'completed'"
    assert count(warehouse, under_way) == 0


def test_what_changes_while_windows_are_left_is_seen_afterwards(
    run: Run, warehouse: Engine, github: GitHub
) -> None:
    github.change(NAME, "finish_run")
    github.change(NAME, "new_run")
    reading.read(run, WORKFLOW_RUNS)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.cursors set state = (state - 'etag') || jsonb_build_object("
            "'pending_etag', state -> 'etag', 'reading_until', state -> 'read_until',"
            " 'windows', jsonb_build_array(jsonb_build_array("
            "'2018-01-01T00:00:00+00:00', '2019-01-01T00:00:00+00:00')))"
            " where thing = 'workflow_runs'"
        )
    github.change(NAME, "finish_run")
    reading.read(run, WORKFLOW_RUNS)

    reading.read(run, WORKFLOW_RUNS)

    under_way = "raw.github_workflow_runs where payload ->> 'status' <> 'completed'"
    assert count(warehouse, under_way) == 0
