"""One page, one transaction: rows, cursor, ledger of calls and progress, or none of them."""

import re
import threading
import time
from datetime import timedelta

import pytest

from flows.attempt import attempt
from flows.steps.run import Run
from gitinsight import clock
from gitinsight.errors import Cancelled, LeaseLost
from gitinsight.github.governor import Grant
from gitinsight.github.limits import Verdict
from gitinsight.github.pace import Outcome, Pace
from gitinsight.github.principals import users
from gitinsight.settings import OrchestratorSettings, Settings
from tests.support.analyses import attempting, count, enqueue, rows
from warehouse import jobs
from warehouse.engine import Connection, Engine
from warehouse.governor import SharedGovernor
from warehouse.raw import Written

NAME = "synthetic-labs/borealis"


def write_a_label(connection: Connection) -> Written:
    connection.exec_driver_sql(
        "insert into raw.github_labels (repository_id, id, payload, content_hash, source,"
        " api_version, sanitized, extracted_at, run_id)"
        " values (1, 1, '{}', '', 'rest', '1', false, now(), gen_random_uuid())"
    )
    return Written(new=1)


def test_a_page_commits_with_its_cursor_and_an_event(settings: Settings, warehouse: Engine) -> None:
    with attempting(settings, warehouse, NAME) as run:
        run.client.get(run.path("labels"))

        run.commit(run.take("labels"), {"page": 1}, write_a_label, done=1, total=2)

    assert count(warehouse, "raw.github_labels") == 1
    assert rows(warehouse, "select state from ops.cursors") == [({"page": 1},)]
    assert count(warehouse, "ops.requests where path like '%labels'") == 1
    event = rows(
        warehouse, "select resource, done, total, rows from ops.job_events where stage = 'extract'"
    )
    assert event == [("labels", 1, 2, 1)]


def test_whoever_lost_the_cursor_cannot_commit(settings: Settings, warehouse: Engine) -> None:
    with attempting(settings, warehouse, NAME) as run:
        lost = run.take("labels")
        run.take("labels")

        with pytest.raises(LeaseLost):
            run.commit(lost, {"page": 1}, write_a_label)

    assert count(warehouse, "raw.github_labels") == 0


def test_whoever_lost_the_job_cannot_commit(settings: Settings, warehouse: Engine) -> None:
    job = enqueue(settings, warehouse, NAME)
    with attempt(settings, warehouse, job.job_id, worker="first") as run:
        cursor = run.take("labels")
        with warehouse.begin() as connection:
            later = clock.now() + timedelta(hours=1)
            jobs.claim(connection, job.job_id, worker="second", at=later)

        with pytest.raises(LeaseLost):
            run.commit(cursor, {"page": 1}, write_a_label)

    assert count(warehouse, "raw.github_labels") == 0
    assert rows(warehouse, "select state from ops.cursors") == [({},)]


@pytest.mark.parametrize("what", ["commit", "announce"])
def test_a_job_that_somebody_cancelled_stops_at_its_next_step(
    settings: Settings, warehouse: Engine, what: str
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        with warehouse.begin() as connection:
            jobs.request_cancel(connection, run.job.job_id, at=clock.now())

        with pytest.raises(Cancelled):
            _do(run, what)

    assert count(warehouse, "raw.github_labels") == 0


def _do(run: Run, what: str) -> None:
    if what == "commit":
        run.commit(run.take("labels"), {}, write_a_label)
    else:
        run.announce("transform")


def test_a_wait_for_github_is_an_event_with_its_end(settings: Settings, warehouse: Engine) -> None:
    with attempting(settings, warehouse, NAME) as run:
        run.client.get(run.path("labels"))
        governor = SharedGovernor(warehouse, run.repository.host, Pace())
        grant = governor.acquire(users(["test-token"]), "core")
        assert isinstance(grant, Grant)
        governor.release(grant, Outcome(Verdict.TOLD, 1, seconds=1))

        run.client.get(run.path("labels"))

    ((stage, state, message, budget, eta_seconds),) = rows(
        warehouse, "select stage, state, message, budget, eta_seconds from ops.job_events"
        " where message is not null",
    )  # fmt: skip
    assert (stage, state) == ("discover", "running")
    assert re.fullmatch(
        r"waiting for GitHub's core limit until \d\d:\d\d:\d\dZ: GitHub asked for a pause", message
    )
    assert (budget["bucket"], budget["remaining"]) == ("core", 4_998)
    assert 1 <= eta_seconds <= 2


def test_a_wait_notices_that_the_job_was_cancelled(settings: Settings, warehouse: Engine) -> None:
    settings = settings.model_copy(
        update={"github": settings.github.model_copy(update={"wait_seconds": 60})}
    )
    with attempting(settings, warehouse, NAME) as run:
        governor = SharedGovernor(warehouse, run.repository.host, Pace())
        grant = governor.acquire(users(["test-token"]), "core")
        assert isinstance(grant, Grant)
        governor.release(grant, Outcome(Verdict.TOLD, 1, seconds=30))
        started = time.monotonic()
        threading.Timer(0.5, run.cancelled.set).start()

        with pytest.raises(Cancelled):
            run.client.get(run.path("labels"))

    assert time.monotonic() - started < 10
    assert count(warehouse, "ops.requests") == 0


def test_events_say_how_long_a_thing_will_take(settings: Settings, warehouse: Engine) -> None:
    with attempting(settings, warehouse, NAME) as run:
        cursor = run.take("labels")
        time.sleep(0.2)

        cursor, _ = run.commit(cursor, {}, write_a_label, done=1, total=11)
        run.commit(cursor, {}, lambda _connection: Written(new=1), done=2)

    found = rows(warehouse, "select eta_seconds from ops.job_events where stage = 'extract'")
    assert 2 <= found[0][0] <= 30
    assert found[1] == (None,)


def test_the_lease_is_renewed_while_a_step_takes_its_time(
    settings: Settings, warehouse: Engine
) -> None:
    settings = settings.model_copy(update={"orchestrator": OrchestratorSettings(lease_seconds=1)})
    with attempting(settings, warehouse, NAME) as run, run.heartbeat():
        before = run.job.lease_until
        deadline = time.monotonic() + 10
        while _lease(warehouse) == before and time.monotonic() < deadline:
            time.sleep(0.05)

        assert _lease(warehouse) != before


def _lease(warehouse: Engine) -> object:
    return rows(warehouse, "select lease_until from ops.jobs")[0][0]


def test_a_long_step_is_told_soon_that_the_job_is_cancelled(
    settings: Settings, warehouse: Engine
) -> None:
    with attempting(settings, warehouse, NAME) as run, run.heartbeat():
        with warehouse.begin() as connection:
            jobs.request_cancel(connection, run.job.job_id, at=clock.now())

        assert run.cancelled.wait(10)
