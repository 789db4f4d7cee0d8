"""Keeps Prefect and ``ops.jobs`` of one mind: looks at both every few seconds, and mends.

Of the work the row is right, for it has a lease that only a living worker renews. Of what people
want both are: who cancels a run in Prefect's UI cancels the job, who cancels the job cancels its
run. What was mended is an event of the job.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelled, Cancelling, Crashed, Running

from flows.analyze_repository import NAME
from flows.run_states import OPEN, alike, deserved, superseded
from gitinsight import clock, logs
from gitinsight.errors import LeaseLost, first_line
from warehouse import jobs, run_links
from warehouse.engine import UNREACHABLE, Connection, Engine
from warehouse.jobs import Job

_LOG = logs.get(__name__)
POLL_SECONDS = 3.0
GRACE = timedelta(seconds=15)
"""Both are told of one thing one after the other: that long they may differ."""
_CANCEL_WITHIN = timedelta(seconds=8)
"""A job that was asked to stop and goes on is stopped by its process after that."""
_OVERLAP = 4 * GRACE
"""By then a run is over whose job is: what ended since is looked at again."""
_FIRST_LOOK = timedelta(days=1)
_PAGE = 200
_WAITING = frozenset({StateType.SCHEDULED, StateType.PENDING, StateType.PAUSED})


@dataclass(frozen=True, slots=True)
class Mending:
    """``run`` is to be in another state, or the job to be cancelled, or to lose its link."""

    why: str
    run: State[Any] | None = None
    is_job_cancelled: bool = False
    is_link_lost: bool = False


def watch(engine: Engine, *, lease_seconds: int, stop: threading.Event) -> None:
    """Mend until somebody says ``stop``."""
    looked = clock.now() - _FIRST_LOOK
    while not stop.is_set():
        try:
            with get_client(sync_client=True) as client:
                while not stop.is_set():
                    at = clock.now()
                    mend(
                        client, engine, at=at, since=looked - _OVERLAP, lease_seconds=lease_seconds
                    )
                    looked = at
                    stop.wait(POLL_SECONDS)
        except UNREACHABLE as error:
            _LOG.warning("warehouse_not_reached", reason=first_line(error))
        except Exception as error:  # noqa: BLE001 - the edge of a thread: it must not end
            _LOG.warning("runs_not_reconciled", reason=first_line(error))
        stop.wait(POLL_SECONDS)


def mend(
    client: SyncPrefectClient, engine: Engine, *, at: datetime, since: datetime, lease_seconds: int
) -> list[Mending]:
    """One look at everything that is not over here or there, and at what has ended ``since``; what
    was mended.
    """
    runs = {run.id: run for run in open_runs(client)}
    with engine.begin() as connection:
        # After the runs, so that a job is no older than what is said of its run.
        held = run_links.several(connection, {_job_id(run) for run in runs.values()})
        linked = run_links.active(connection)
        ended_here = run_links.ended(connection, since=since, until=at - GRACE)
    found: list[tuple[Job | None, FlowRun | None, Mending | None]] = []
    for run in runs.values():
        job = held.get(_job_id(run))
        found.append((job, run, of_open(run, job, at=at)))
    lost = [job for job in (*linked, *ended_here) if job.flow_run_id not in runs]
    ended = {run.id: run for run in _runs(client, [job.flow_run_id for job in lost])}
    for job in lost:
        over = ended.get(job.flow_run_id) if job.flow_run_id else None
        if over is not None and over.state_type in OPEN:
            continue  # it has begun since the first look
        if job.state in jobs.FINAL:
            found.append((job, over, of_both_ended(over, job)))
        else:
            found.append((job, over, of_ended(over, job, at=at, lease_seconds=lease_seconds)))
    return [
        mending
        for job, run_, mending in found
        if mending is not None and apply(client, engine, job, run_, mending, at=at)
    ]


def of_open(run: FlowRun, job: Job | None, *, at: datetime) -> Mending | None:
    """What is wrong about a run that is not over."""
    if job is None:
        return Mending("there is no such job", run=Cancelled(message="there is no such job"))
    is_settled = at - _since(run) >= GRACE
    if job.state in jobs.FINAL:
        had_time = is_settled and job.finished_at is not None and at - job.finished_at >= GRACE
        is_left = had_time or run.state_type in _WAITING
        return Mending(f"the job is {job.state}", run=deserved(job)) if is_left else None
    if run.id != job.flow_run_id:  # what was made a moment ago is written down soon
        return Mending("another run has the job", run=superseded(job)) if is_settled else None
    if run.state_type is StateType.CANCELLING:
        is_told = job.cancel_requested_at is not None
        return None if is_told else Mending("its run was cancelled", is_job_cancelled=True)
    if job.state == "queued":
        is_parked = job.not_before is not None and job.not_before > at
        is_stuck = run.state_type is StateType.RUNNING and is_parked and is_settled
        return Mending("the job is parked", run=deserved(job)) if is_stuck else None
    return _of_running(run, job, at=at, is_settled=is_settled)


def _of_running(run: FlowRun, job: Job, *, at: datetime, is_settled: bool) -> Mending | None:
    is_alive = job.is_leased(at=at)
    is_running = run.state_type is StateType.RUNNING
    asked = job.cancel_requested_at
    if asked is not None and is_running and at - asked >= _CANCEL_WITHIN:
        return Mending("it was asked to stop and did not", run=Cancelling())
    if is_running and not is_alive and is_settled:
        return Mending("its worker died", run=Crashed(message="its worker died"))
    if not is_running and is_alive and is_settled:
        return Mending("it is being worked at", run=Running())
    return None


def of_ended(run: FlowRun | None, job: Job, *, at: datetime, lease_seconds: int) -> Mending | None:
    """What is wrong about a job that is not over, though the run that it names is, or is gone."""
    if run is None:
        return Mending("its run was deleted", is_link_lost=True)
    if run.state_type is StateType.CANCELLED:
        return Mending("its run was cancelled", is_job_cancelled=True)
    if job.state != "running":
        return None  # it waits to be handed out again
    if job.cancel_requested_at is not None:
        return Mending("it was asked to stop, and its run has ended", is_job_cancelled=True)
    is_alive = job.is_leased(at=at)
    if is_alive and at - _since(run) >= timedelta(seconds=lease_seconds) + GRACE:
        return Mending("its worker lives", run=Running())
    return None  # the lease runs out, and another run takes it over


def of_both_ended(run: FlowRun | None, job: Job) -> Mending | None:
    """A run may not have come to say how its job ended, because Prefect was away when it would."""
    if run is None or run.state_type in alike(job):
        return None
    return Mending(f"the job is {job.state}", run=deserved(job))


def apply(
    client: SyncPrefectClient, engine: Engine, job: Job | None, run: FlowRun | None,
    mending: Mending, *, at: datetime,
) -> bool:  # fmt: skip
    """False where somebody else has the job by now: the next look sees that."""
    found = run.state_name if run is not None else "missing"
    try:
        if job is not None:
            with engine.begin() as connection:
                _heal(connection, job, run, mending, at=at)
    except LeaseLost:
        return False
    if mending.run is not None and run is not None:
        # A run that is to be stopped is stopped by whoever runs it, as if by hand.
        is_asked = mending.run.type is StateType.CANCELLING
        client.set_flow_run_state(run.id, mending.run, force=not is_asked)
    _LOG.warning(
        "run_reconciled", job_id=str(job.job_id) if job else None, run_state=found,
        job_state=job.state if job else None, why=mending.why,
    )  # fmt: skip
    return True


def _heal(
    connection: Connection, job: Job, run: FlowRun | None, mending: Mending, *, at: datetime
) -> None:
    found = run.state_name if run is not None else "missing"
    to = f", set to {mending.run.name}" if mending.run is not None else ""
    if mending.is_link_lost:
        run_links.unlink(connection, job)
    run_links.mend(
        connection, job, why=mending.why, told=f"the run was {found}{to}",
        is_cancelled=mending.is_job_cancelled,
        is_ending=run is not None and run.state_type is StateType.CANCELLING, at=at,
    )  # fmt: skip


def _since(run: FlowRun) -> datetime:
    found: datetime | None = run.state.timestamp if run.state else run.created
    return found or datetime.max.replace(tzinfo=clock.now().tzinfo)


def _job_id(run: FlowRun) -> UUID:
    return run_links.named(str(run.parameters.get("job_id")))


def open_runs(client: SyncPrefectClient) -> Iterator[FlowRun]:
    states = FlowRunFilterState(type=FlowRunFilterStateType(any_=sorted(OPEN)))
    ask = partial(
        client.read_flow_runs, flow_filter=FlowFilter(name=FlowFilterName(any_=[NAME])),
        flow_run_filter=FlowRunFilter(state=states), limit=_PAGE,
    )  # fmt: skip
    offset = 0
    while True:
        page = ask(offset=offset)
        yield from page
        if len(page) < _PAGE:
            return
        offset += _PAGE


def _runs(client: SyncPrefectClient, run_ids: Sequence[UUID | None]) -> Iterator[FlowRun]:
    wanted = [one for one in run_ids if one is not None]
    for start in range(0, len(wanted), _PAGE):
        few = wanted[start : start + _PAGE]
        yield from client.read_flow_runs(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=few)), limit=_PAGE
        )
