"""Keeps runs of Dagster and ``ops.jobs`` of one mind, as flows/reconcile.py does with Prefect's.

Of the work the row is right, for it has a lease that only a living worker renews. A run is ended by
its own process, and where that dies by the one that began it. What both leave open, because the
whole catalogue was ended, is ended here; of what a person ended in Dagster the job is told.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

import dagster as dg

from gitinsight import logs
from gitinsight.errors import LeaseLost
from warehouse import jobs, run_links
from warehouse.engine import Engine
from warehouse.jobs import Job

_LOG = logs.get(__name__)
JOB_TAG = "gitinsight/job_id"
GRACE = timedelta(seconds=30)
"""So long a run and its job may differ while nothing is heard of the run."""
_BEGINS_WITHIN = timedelta(minutes=10)
"""A run that has started says which job it is of, or its process has died before."""
BEAT = timedelta(seconds=20)
"""A run says so often that its process lives."""
_BEAT_TAG = "gitinsight/alive_at"
_OPEN = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


@dataclass(frozen=True, slots=True)
class Mending:
    """``run`` is to be in another state, or the job to be cancelled."""

    why: str
    run: dg.DagsterRunStatus | None = None
    is_job_cancelled: bool = False
    after: timedelta = GRACE


def worker_of(run: dg.DagsterRun) -> str:
    """What ``ops.jobs`` calls the run that works at a job."""
    return f"{run_links.CATALOG} {run.run_id}"


def beat(instance: dg.DagsterInstance, run: dg.DagsterRun, *, at: datetime) -> None:
    """One whose job another worker has renews no lease: it says by itself that it lives."""
    instance.add_run_tags(run.run_id, {_BEAT_TAG: at.isoformat()})


def cancel(instance: dg.DagsterInstance, run: dg.DagsterRun, why: str) -> NoReturn:
    """From within a run: it is canceled, as if somebody had done so in Dagster's UI. What is
    interrupted without that has failed, as Dagster sees it.
    """
    instance.report_run_canceling(run, f"Canceled with its job: {why}.")
    raise dg.DagsterExecutionInterruptedError(why)


def mend(
    instance: dg.DagsterInstance, engine: Engine, cursor: str | None, *, at: datetime
) -> tuple[list[Mending], str]:
    """One look at everything that is not over here or there: what was mended, and a cursor that
    says what is to be mended if it is still so at a later look, and nothing was heard meanwhile.
    """
    seen: dict[str, list[str]] = json.loads(cursor) if cursor else {}
    mended: list[Mending] = []
    suspects: dict[str, list[str]] = {}
    for run, job, mending in _at_odds(instance, engine, at=at):
        number, is_waiting = _last_heard(instance, run, at=at)
        if is_waiting:
            continue
        sign = f"{number} {mending.why}"
        before, since = seen.get(run.run_id, (None, ""))
        if before != sign:
            suspects[run.run_id] = [sign, at.isoformat()]
        elif at - datetime.fromisoformat(since) < mending.after:
            suspects[run.run_id] = [sign, since]
        elif _apply(instance, engine, run, job, mending, at=at):
            mended.append(mending)
    return mended, json.dumps(suspects)


def of_open(run: dg.DagsterRun, job: Job | None, *, at: datetime) -> Mending | None:
    """What is wrong about a run that is not over. One that goes along with a job that somebody
    else does is over when that is.
    """
    is_ended = run.status is dg.DagsterRunStatus.CANCELING
    left = dg.DagsterRunStatus.CANCELED if is_ended else dg.DagsterRunStatus.FAILURE
    if JOB_TAG not in run.tags:
        return Mending("it never began its work", run=left, after=_BEGINS_WITHIN)
    if job is None:
        return Mending("there is no such job", run=left)
    if job.state in jobs.FINAL:
        if job.state == "cancelled":
            left = dg.DagsterRunStatus.CANCELED
        return Mending(f"the job is {job.state}, and the run is gone", run=left)
    if job.state != "running" or job.worker != worker_of(run):
        return Mending("its process died", run=left) if _is_silent(run, at=at) else None
    if is_ended and job.cancel_requested_at is None:
        return Mending("its run was ended in Dagster", is_job_cancelled=True)
    return None if job.is_leased(at=at) else Mending("its worker died", run=left)


def _is_silent(run: dg.DagsterRun, *, at: datetime) -> bool:
    last = run.tags.get(_BEAT_TAG)
    return last is not None and at - datetime.fromisoformat(last) > 3 * BEAT


def of_ended(run: dg.DagsterRun, job: Job) -> Mending | None:
    """What is wrong about a job that is worked at by a run that is over. Where that has failed,
    the lease runs out, and another worker takes the job over.
    """
    is_canceled = run.status is dg.DagsterRunStatus.CANCELED
    if is_canceled and job.cancel_requested_at is None:
        return Mending("its run was ended in Dagster", is_job_cancelled=True)
    return None


def _at_odds(
    instance: dg.DagsterInstance, engine: Engine, *, at: datetime
) -> Iterator[tuple[dg.DagsterRun, Job | None, Mending]]:
    runs = {one.run_id: one for one in instance.get_runs(dg.RunsFilter(statuses=_OPEN))}
    with engine.begin() as connection:
        # After the runs, so that a job is no older than what is said of its run.
        held = run_links.several(connection, {_job_id(run) for run in runs.values()})
        worked_at = run_links.in_catalog(connection)
    for run in runs.values():
        job = held.get(_job_id(run))
        if mending := of_open(run, job, at=at):
            yield run, job, mending
    for job in worked_at:
        run_id = str(job.worker).removeprefix(f"{run_links.CATALOG} ")
        over = None if run_id in runs else instance.get_run_by_id(run_id)
        if over is not None and over.is_finished and (mending := of_ended(over, job)):
            yield over, job, mending


def _last_heard(
    instance: dg.DagsterInstance, run: dg.DagsterRun, *, at: datetime
) -> tuple[int, bool]:
    """The number of what the run has said last, and whether that was that it waits."""
    found = instance.get_records_for_run(run.run_id, limit=1, ascending=False).records
    if not found:
        return 0, False
    entry = found[0].event_log_entry
    event = entry.dagster_event
    number = found[0].storage_id
    if event is None or not event.is_step_up_for_retry:
        return number, False
    pause = event.step_retry_data.seconds_to_wait or 0
    return number, at.timestamp() < entry.timestamp + pause


def _apply(
    instance: dg.DagsterInstance, engine: Engine, run: dg.DagsterRun, job: Job | None,
    mending: Mending, *, at: datetime,
) -> bool:  # fmt: skip
    """False where it is not so any more."""
    status = run.status.value
    now = instance.get_run_by_id(run.run_id)
    if now is None or now.status is not run.status:
        return False
    try:
        if job is not None:
            _tell(engine, job, mending, status=status, at=at)
    except LeaseLost:
        return False
    message = f"Reconciled with the job of the warehouse: {mending.why}."
    if mending.run is dg.DagsterRunStatus.CANCELED:
        instance.report_run_canceled(run, message)
    elif mending.run is dg.DagsterRunStatus.FAILURE:
        instance.report_run_failed(run, message)
    _LOG.warning(
        "dagster_run_reconciled", job_id=str(job.job_id) if job else None, run_id=run.run_id,
        run_state=status, job_state=job.state if job else None, why=mending.why,
    )  # fmt: skip
    return True


def _tell(engine: Engine, job: Job, mending: Mending, *, status: str, at: datetime) -> None:
    to = f", set to {mending.run.value}" if mending.run is not None else ""
    with engine.begin() as connection:
        run_links.mend(
            connection, job, why=mending.why, told=f"the run of Dagster was {status}{to}",
            is_cancelled=mending.is_job_cancelled, is_ending=job.is_leased(at=at), at=at,
        )  # fmt: skip


def _job_id(run: dg.DagsterRun) -> UUID:
    return run_links.named(run.tags.get(JOB_TAG, ""))
