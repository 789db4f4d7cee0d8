"""Runs of Dagster and their jobs, put at odds in PostgreSQL, are of one mind again."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest

from flows import catalog_runs, stack
from flows.catalog_runs import BEAT, GRACE, JOB_TAG
from gitinsight import clock
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import Settings
from tests.support.rows import add_repository
from warehouse import job_events, jobs
from warehouse.engine import Engine
from warehouse.jobs import Job

STARTED, CANCELING = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING
FAILURE, CANCELED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED
LEASE = timedelta(seconds=30)


@dg.op
def nothing() -> None:
    """What runs is told by rows alone."""


@dg.job
def work() -> None:
    nothing()


@pytest.fixture(scope="module")
def home(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `gitinsight catalog` writes it."""
    home = tmp_path_factory.mktemp("dagster")
    url = postgres_server.ensure_database("dagster_runs")
    (home / "dagster.yaml").write_text(stack.dagster_instance(Settings(), url))
    return home


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(home)) as found:
        yield found
        found.wipe()


def start(instance: dg.DagsterInstance, tags: Mapping[str, str] | None = None) -> dg.DagsterRun:
    run = instance.create_run_for_job(work, tags=tags)
    report(instance, run, dg.DagsterEventType.RUN_START)
    return run


def report(instance: dg.DagsterInstance, run: dg.DagsterRun, what: dg.DagsterEventType) -> None:
    event = dg.DagsterEvent(what.value, job_name=run.job_name)
    instance.report_dagster_event(event, run_id=run.run_id)


def work_at(
    instance: dg.DagsterInstance, warehouse: Engine, *, at: datetime, worker: str | None = None
) -> tuple[dg.DagsterRun, Job]:
    """A run that has claimed a job, or goes along with that of another worker."""
    with warehouse.begin() as connection:
        job, _ = jobs.enqueue(connection, add_repository(warehouse), at=at, reason="catalog")
    run = start(instance, {JOB_TAG: str(job.job_id)})
    with warehouse.begin() as connection:
        held = jobs.claim(
            connection, job.job_id, worker=worker or catalog_runs.worker_of(run), at=at
        )
    return run, held


def finish(warehouse: Engine, job: Job, state: str) -> None:
    with warehouse.begin() as connection:
        jobs.finish(connection, job, state=state, at=clock.now(), outcome={})


def looks(instance: dg.DagsterInstance, warehouse: Engine, *times: datetime) -> list[list[str]]:
    """Why something was mended, at each of these looks."""
    cursor, found = None, []
    for at in times:
        mended, cursor = catalog_runs.mend(instance, warehouse, cursor, at=at)
        found.append([one.why for one in mended])
    return found


def status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def told(warehouse: Engine, job: Job) -> tuple[Job, str | None]:
    """The job, and what its last event says."""
    with warehouse.begin() as connection:
        (event,) = job_events.after(connection, job.job_id, None, limit=1)
        return jobs.by_id(connection, job.job_id), event.message


def test_a_run_whose_process_died_has_failed_and_its_job_waits_for_another_worker(
    instance: dg.DagsterInstance, warehouse: Engine
) -> None:
    now = clock.now()
    run, job = work_at(instance, warehouse, at=now)
    dead = now + LEASE + timedelta(seconds=1)

    assert looks(instance, warehouse, now, now + GRACE) == [[], []]
    assert looks(instance, warehouse, dead, dead + GRACE / 2) == [[], []]
    assert status(instance, run) is STARTED
    assert looks(instance, warehouse, dead, dead + GRACE) == [[], ["its worker died"]]

    after, said = told(warehouse, job)
    assert status(instance, run) is FAILURE
    assert after.state == "running"
    assert said == ("reconciled: its worker died; the run of Dagster was STARTED, set to FAILURE")
    messages = [one.message for one in instance.all_logs(run.run_id)]
    assert "Reconciled with the job of the warehouse: its worker died." in messages
    assert looks(instance, warehouse, dead, dead + GRACE) == [[], []]


@pytest.mark.parametrize(
    ("state", "ended"),
    [("succeeded", FAILURE), ("failed", FAILURE), ("cancelled", CANCELED)],
)
def test_a_run_that_is_gone_ends_when_the_job_that_was_taken_over_does(
    instance: dg.DagsterInstance, warehouse: Engine, state: str, ended: dg.DagsterRunStatus
) -> None:
    now = clock.now()
    run, job = work_at(instance, warehouse, at=now, worker="prefect")
    late = now + 10 * LEASE

    assert looks(instance, warehouse, late, late + GRACE) == [[], []]
    finish(warehouse, job, state)
    assert looks(instance, warehouse, late, late + GRACE) == [
        [], [f"the job is {state}, and the run is gone"]
    ]  # fmt: skip
    assert status(instance, run) is ended
    assert told(warehouse, job)[0].state == state


def test_a_run_that_still_tells_what_was_made_is_let_do_so(
    instance: dg.DagsterInstance, warehouse: Engine
) -> None:
    now = clock.now()
    run, job = work_at(instance, warehouse, at=now)
    finish(warehouse, job, "succeeded")
    _, cursor = catalog_runs.mend(instance, warehouse, None, at=now)

    instance.report_engine_event("something was made", run)
    mended, cursor = catalog_runs.mend(instance, warehouse, cursor, at=now + GRACE)

    assert mended == []
    report(instance, run, dg.DagsterEventType.RUN_SUCCESS)
    mended, cursor = catalog_runs.mend(instance, warehouse, cursor, at=now + 2 * GRACE)
    assert (mended, cursor) == ([], "{}")
    assert status(instance, run) is dg.DagsterRunStatus.SUCCESS


def test_a_run_that_waits_for_its_next_attempt_is_not_gone(
    instance: dg.DagsterInstance, warehouse: Engine
) -> None:
    @dg.op
    def parked() -> None:
        raise dg.RetryRequested(max_retries=1, seconds_to_wait=0.1)

    @dg.job
    def patient() -> None:
        parked()

    done = patient.execute_in_process(instance=instance, raise_on_error=False)
    kept = [
        one.dagster_event
        for one in instance.all_logs(done.run_id)
        if one.dagster_event and one.dagster_event.is_step_up_for_retry
    ]
    now = clock.now()
    run, job = work_at(instance, warehouse, at=now)
    finish(warehouse, job, "succeeded")
    (event,) = kept
    assert event is not None
    pause = event.step_retry_data._replace(seconds_to_wait=600)
    instance.report_dagster_event(event._replace(event_specific_data=pause), run_id=run.run_id)

    assert looks(instance, warehouse, now, now + GRACE) == [[], []]
    late = now + timedelta(seconds=700)
    assert looks(instance, warehouse, late, late + GRACE) == [
        [], ["the job is succeeded, and the run is gone"]
    ]  # fmt: skip


@pytest.mark.parametrize("is_forced", [False, True])
@pytest.mark.parametrize("is_alive", [False, True])
def test_who_ends_a_run_in_dagster_cancels_the_job_that_it_does(
    instance: dg.DagsterInstance, warehouse: Engine, *, is_forced: bool, is_alive: bool
) -> None:
    now = clock.now()
    run, job = work_at(instance, warehouse, at=now)
    if is_forced:
        instance.report_run_canceled(run)
    else:
        instance.report_run_canceling(run)
    late = now + 2 * LEASE
    if is_alive:
        with warehouse.begin() as connection:
            jobs.heartbeat(connection, job.job_id, job.fence, at=late, lease_seconds=300)

    assert looks(instance, warehouse, late, late + GRACE) == [
        [], ["its run was ended in Dagster"]
    ]  # fmt: skip

    after, said = told(warehouse, job)
    assert after.state == ("running" if is_alive else "cancelled")
    assert after.cancel_requested_at == late + GRACE
    assert str(said).startswith("reconciled: its run was ended in Dagster")
    # The worker that lives ends it; where none does, the run ends with it at the next looks.
    if not is_alive:
        looks(instance, warehouse, late, late + GRACE)
        assert status(instance, run) is CANCELED


def test_a_job_that_another_worker_does_outlives_the_run_that_went_along(
    instance: dg.DagsterInstance, warehouse: Engine
) -> None:
    now = clock.now()
    run, job = work_at(instance, warehouse, at=now, worker="prefect")
    instance.report_run_canceling(run)

    assert looks(instance, warehouse, now, now + GRACE) == [[], []]
    assert told(warehouse, job)[0].cancel_requested_at is None
    assert status(instance, run) is CANCELING  # until Dagster itself gives it up


def test_a_run_whose_process_died_fails_though_another_worker_has_its_job(
    instance: dg.DagsterInstance, warehouse: Engine
) -> None:
    now = clock.now()
    run, job = work_at(instance, warehouse, at=now, worker="prefect")
    catalog_runs.beat(instance, run, at=now)

    assert looks(instance, warehouse, now + BEAT, now + BEAT + GRACE) == [[], []], "it lives"
    silent = now + 4 * BEAT
    assert looks(instance, warehouse, silent, silent + GRACE) == [[], ["its process died"]]

    assert status(instance, run) is FAILURE
    assert told(warehouse, job)[0].state == "running"
    assert told(warehouse, job)[0].cancel_requested_at is None


def test_a_run_of_no_job_ends(instance: dg.DagsterInstance, warehouse: Engine) -> None:
    now = clock.now()
    gone = start(instance, {JOB_TAG: str(uuid4())})
    by_hand = start(instance, {JOB_TAG: "what somebody wrote"})
    silent = start(instance)

    assert looks(instance, warehouse, now, now + GRACE) == [[], ["there is no such job"] * 2]
    assert (status(instance, gone), status(instance, by_hand)) == (FAILURE, FAILURE)
    assert status(instance, silent) is STARTED
    late = now + timedelta(minutes=11)
    assert looks(instance, warehouse, now, late) == [[], ["it never began its work"]]
    assert status(instance, silent) is FAILURE


def test_what_is_not_so_any_more_is_not_mended(
    instance: dg.DagsterInstance, warehouse: Engine
) -> None:
    now = clock.now()
    run, job = work_at(instance, warehouse, at=now)
    mending = catalog_runs.Mending("it was ended", is_job_cancelled=True)
    late = now + 2 * LEASE
    seen = instance.get_run_by_id(run.run_id)
    assert seen is not None
    with warehouse.begin() as connection:
        jobs.claim(connection, job.job_id, worker="prefect", at=late)

    apply = catalog_runs._apply  # noqa: SLF001 - between the look and the mending
    assert not apply(instance, warehouse, seen, job, mending, at=late)
    report(instance, run, dg.DagsterEventType.RUN_SUCCESS)
    assert not apply(instance, warehouse, seen, None, mending, at=late)
    assert told(warehouse, job)[0].state == "running"


def test_a_run_that_cancels_itself_is_canceled_and_has_not_failed(
    instance: dg.DagsterInstance,
) -> None:
    @dg.op
    def cancelled(context: dg.OpExecutionContext) -> None:
        catalog_runs.cancel(context.instance, context.run, "the job is cancelled")

    @dg.job
    def ending() -> None:
        cancelled()

    done = ending.execute_in_process(instance=instance, raise_on_error=False)

    run = instance.get_run_by_id(done.run_id)
    assert run is not None
    assert run.status is CANCELED
