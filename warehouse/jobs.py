"""Analyses as rows: queued, claimed under a fence, finished once."""
# ruff: noqa: S608 - the only thing put into SQL text is our own list of columns

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from gitinsight.errors import LeaseLost, NotFound
from warehouse import job_events, tombstones
from warehouse.engine import Connection, driver
from warehouse.visibility import VISIBLE, Readable, parameter

ACTIVE = frozenset({"queued", "running"})
FINAL = frozenset({"succeeded", "partial", "failed", "cancelled"})

COLUMNS: LiteralString = (
    "job_id, repository_id, kind, reason, is_full, as_of, state, stage, requested_at, started_at,"
    " finished_at, attempt, worker, fence, lease_until, not_before, cancel_requested_at, last_seq,"
    " error_type, error_detail, outcome, flow_run_id, flow_run_url"
)


@dataclass(frozen=True, slots=True)
class Job:
    """``state``: queued, running, succeeded, partial, failed or cancelled."""

    job_id: UUID
    repository_id: int
    kind: str
    reason: str | None
    is_full: bool
    as_of: datetime | None
    state: str
    stage: str | None
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempt: int
    worker: str | None
    fence: int
    lease_until: datetime | None
    not_before: datetime | None
    cancel_requested_at: datetime | None
    last_seq: int
    error_type: str | None
    error_detail: str | None
    outcome: dict[str, Any] | None
    flow_run_id: UUID | None
    flow_run_url: str | None

    @property
    def is_over(self) -> bool:
        """It has ended, or is parked until a limit is lifted."""
        return self.state in FINAL or (self.state == "queued" and self.not_before is not None)

    def is_leased(self, *, at: datetime) -> bool:
        """Whether a worker that lives has it, as far as anybody can tell."""
        return self.lease_until is not None and self.lease_until >= at


def enqueue(
    connection: Connection, repository_id: int, *, at: datetime, is_full: bool = False,
    as_of: datetime | None = None, kind: str = "analysis", reason: str | None = None,
) -> tuple[Job, bool]:  # fmt: skip
    """A new job, or the one that is queued or running already (then False). Before it has begun,
    one that was to check what is held becomes an analysis where that is asked for, and an analysis
    one that reads everything anew. NotFound where the repository was removed.
    """
    tombstones.hold(connection, repository_id)
    while True:
        added = _one(
            connection,
            f"""
            insert into ops.jobs
                (job_id, repository_id, kind, reason, is_full, as_of, state, requested_at)
            values (%(job_id)s, %(repository_id)s, %(kind)s, %(reason)s, %(is_full)s, %(as_of)s,
                    'queued', %(at)s)
            on conflict (repository_id) where state in ('queued', 'running') do nothing
            returning {COLUMNS}
            """,
            job_id=uuid4(), repository_id=repository_id, is_full=is_full, as_of=as_of, at=at,
            kind=kind, reason=reason,
        )  # fmt: skip
        if added is not None:
            job_events.append(connection, added.job_id, at=at, state="queued")
            return by_id(connection, added.job_id), True
        active = _one(
            connection,
            f"""
            with widened as (
                update ops.jobs set kind = %(kind)s, reason = %(reason)s,
                    is_full = is_full or %(is_full)s
                where repository_id = %(repository_id)s and state = 'queued'
                  and %(kind)s <> 'check'
                  and (kind = 'check' or %(is_full)s and not is_full and started_at is null)
                returning {COLUMNS}
            )
            select {COLUMNS} from widened
            union all
            select {COLUMNS} from ops.jobs where repository_id = %(repository_id)s
              and state in ('queued', 'running') and not exists (select 1 from widened)
            """,
            repository_id=repository_id, kind=kind, reason=reason, is_full=is_full,
        )  # fmt: skip
        if active is not None:
            return active, False


def claim(
    connection: Connection, job_id: UUID, *, worker: str, at: datetime, lease_seconds: int = 30
) -> Job:
    """Take a queued job, or a running one whose worker stopped answering; else LeaseLost."""
    claimed = _one(
        connection,
        f"""
        update ops.jobs
        set state = 'running', worker = %(worker)s, attempt = attempt + 1, fence = fence + 1,
            lease_until = %(until)s, started_at = coalesce(started_at, %(at)s), not_before = null,
            handed_at = null
        where job_id = %(job_id)s
          and ((state = 'queued' and (not_before is null or not_before <= %(at)s))
               or (state = 'running' and lease_until < %(at)s))
        returning {COLUMNS}
        """,
        job_id=job_id, worker=worker, at=at, until=at + timedelta(seconds=lease_seconds),
    )  # fmt: skip
    if claimed is None:
        raise LeaseLost(f"job {job_id}")
    return claimed


def heartbeat(
    connection: Connection, job_id: UUID, fence: int, *, at: datetime, lease_seconds: int = 30
) -> bool:
    """Hold the lease; whether somebody asked for the job to stop."""
    held = driver(connection).execute(
        "update ops.jobs set lease_until = %s where job_id = %s and state = 'running'"
        " and fence = %s returning cancel_requested_at is not null",
        (at + timedelta(seconds=lease_seconds), job_id, fence),
    ).fetchone()  # fmt: skip
    if held is None:
        raise LeaseLost(f"job {job_id}")
    return bool(held[0])


def finish(
    connection: Connection, job: Job, *, state: str, at: datetime, outcome: Mapping[str, Any],
    error_type: str | None = None, error_detail: str | None = None,
) -> Job:  # fmt: skip
    """End a job that this worker still holds, and say so in its last event."""
    ended = _one(
        connection,
        f"""
        update ops.jobs
        set state = %(state)s, finished_at = %(at)s, lease_until = null, outcome = %(outcome)s,
            error_type = %(error_type)s, error_detail = %(error_detail)s
        where job_id = %(job_id)s and state = 'running' and fence = %(fence)s
        returning {COLUMNS}
        """,
        job_id=job.job_id, fence=job.fence, state=state, at=at, outcome=Jsonb(dict(outcome)),
        error_type=error_type, error_detail=error_detail,
    )  # fmt: skip
    if ended is None:
        raise LeaseLost(f"job {job.job_id}")
    job_events.append(connection, job.job_id, at=at, state=state, message=error_detail)
    return by_id(connection, job.job_id)


def park(
    connection: Connection, job: Job, *, not_before: datetime, at: datetime,
    reason: str | None = None,
) -> Job:  # fmt: skip
    """Back into the queue until a limit is lifted; whoever held the lease has lost it."""
    parked = _one(
        connection,
        f"""
        update ops.jobs
        set state = 'queued', not_before = %(not_before)s, lease_until = null, worker = null,
            fence = fence + 1
        where job_id = %(job_id)s and state = 'running' and fence = %(fence)s
        returning {COLUMNS}
        """,
        job_id=job.job_id, fence=job.fence, not_before=not_before,
    )  # fmt: skip
    if parked is None:
        raise LeaseLost(f"job {job.job_id}")
    job_events.append(connection, job.job_id, at=at, state="queued", message=reason)
    return by_id(connection, job.job_id)


def request_cancel(connection: Connection, job_id: UUID, *, at: datetime) -> Job:
    """A queued job ends here; a running one is asked, and its worker ends it."""
    asked = _one(
        connection,
        f"""
        update ops.jobs
        set cancel_requested_at = coalesce(cancel_requested_at, %(at)s),
            state = case state when 'queued' then 'cancelled' else state end,
            finished_at = case state when 'queued' then %(at)s else finished_at end
        where job_id = %(job_id)s and state in ('queued', 'running')
        returning {COLUMNS}
        """,
        job_id=job_id, at=at,
    )  # fmt: skip
    if asked is not None and asked.state == "cancelled":
        job_events.append(connection, job_id, at=at, state="cancelled")
    return by_id(connection, job_id)


def by_id(connection: Connection, job_id: UUID, *, readable: Readable = None) -> Job:
    """NotFound, too, where its repository is none that may be seen."""
    found = _one(
        connection, f"select {COLUMNS} from ops.jobs where job_id = %(job_id)s and {VISIBLE}",
        job_id=job_id, readable=parameter(readable),
    )  # fmt: skip
    if found is None:
        raise NotFound(f"job {job_id}")
    return found


def recent(
    connection: Connection, state: str | None = None, *, limit: int = 50,
    before: tuple[datetime, UUID] | None = None, readable: Readable = None,
) -> list[Job]:  # fmt: skip
    """The newest first, of repositories that may be seen; ``before`` is when the last one of the
    page before was requested, and its id.
    """
    at, job_id = before or (None, None)
    return _all(
        connection,
        f"select {COLUMNS} from ops.jobs where {VISIBLE}"
        " and (%(state)s::text is null or state = %(state)s)"
        " and (%(at)s::timestamptz is null or (requested_at, job_id) < (%(at)s, %(job_id)s::uuid))"
        " order by requested_at desc, job_id desc limit %(limit)s",
        state=state, limit=limit, at=at, job_id=job_id, readable=parameter(readable),
    )  # fmt: skip


def was_settled(connection: Connection, job: Job) -> bool:
    """Whether the analysis of this repository before ``job`` succeeded, at least in part."""
    previous = _one(
        connection,
        f"select {COLUMNS} from ops.jobs where repository_id = %(repository_id)s"
        " and job_id <> %(job_id)s and kind = 'analysis'"
        " order by requested_at desc, job_id limit 1",
        repository_id=job.repository_id, job_id=job.job_id,
    )  # fmt: skip
    return previous is not None and previous.state in {"succeeded", "partial"}


def has_broken_off(connection: Connection, job: Job, *, after: Job) -> bool:
    """Whether a job between the two had begun and failed or was cancelled: what it has read is held
    and may be in no figure.
    """
    found = driver(connection).execute(
        "select from ops.jobs where repository_id = %s and job_id <> all(%s)"
        " and requested_at >= %s and started_at is not null"
        " and state in ('failed', 'cancelled') limit 1",
        (job.repository_id, [job.job_id, after.job_id], after.requested_at),
    )
    return found.fetchone() is not None


def is_at_work(connection: Connection, repository_id: int) -> bool:
    """Whether a job reads this repository now; until the transaction ends no queued one begins."""
    found = driver(connection).execute(
        "select state from ops.jobs where repository_id = %s and state in ('queued', 'running')"
        " for share",
        (repository_id,),
    )
    return any(state == "running" for (state,) in found)


def record_flow_run(
    connection: Connection, job_id: UUID, *, flow_run_id: UUID, flow_run_url: str
) -> None:
    """Where an orchestrator shows this job."""
    driver(connection).execute(
        "update ops.jobs set flow_run_id = %s, flow_run_url = %s where job_id = %s",
        (flow_run_id, flow_run_url, job_id),
    )


def last_published(connection: Connection, repository_id: int) -> Job | None:
    """The job whose figures are shown."""
    return _one(
        connection,
        f"select {COLUMNS} from ops.jobs where job_id ="
        " (select job_id from ops.publications where repository_id = %(repository_id)s)",
        repository_id=repository_id,
    )


def _one(connection: Connection, statement: LiteralString, **values: Any) -> Job | None:
    return driver(connection).cursor(row_factory=class_row(Job)).execute(
        statement, values
    ).fetchone()  # fmt: skip


def _all(connection: Connection, statement: LiteralString, **values: Any) -> list[Job]:
    return driver(connection).cursor(row_factory=class_row(Job)).execute(
        statement, values
    ).fetchall()  # fmt: skip
