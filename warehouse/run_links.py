"""Jobs beside the runs of an orchestrator that work at them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from gitinsight.errors import LeaseLost
from warehouse import job_events, jobs
from warehouse.engine import Connection, driver
from warehouse.jobs import Job

BY = "prefect"
"""How a worker is called that works in a run."""
CATALOG = "dagster"
"""How one is called that works in a run of Dagster, whose id follows."""


def named(text: str) -> UUID:
    """The job that a run says it is of. Whoever starts one by hand may write anything: that is the
    id of no job.
    """
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def active(connection: Connection) -> list[Job]:
    """Jobs that are queued or running and have a run; not those that somebody does without one."""
    return _all(
        connection,
        "where state in ('queued', 'running') and flow_run_id is not null"
        " and (worker is null or worker = %(by)s)",
        by=BY,
    )


def ended(connection: Connection, *, since: datetime, until: datetime) -> list[Job]:
    """Jobs that have ended meanwhile and whose last run was one of Prefect's."""
    return _all(
        connection,
        "where finished_at between %(since)s and %(until)s and flow_run_id is not null"
        " and (worker is null or worker = %(by)s)",
        since=since, until=until, by=BY,
    )  # fmt: skip


def in_catalog(connection: Connection) -> list[Job]:
    """Jobs that runs of Dagster work at."""
    return _all(
        connection, "where state = 'running' and worker like %(by)s", by=f"{CATALOG} %"
    )  # fmt: skip


def several(connection: Connection, job_ids: Collection[UUID]) -> dict[UUID, Job]:
    """Those that there are."""
    found = _all(connection, "where job_id = any(%(ids)s)", ids=list(job_ids))
    return {one.job_id: one for one in found}


def link(connection: Connection, job: Job, *, run_id: UUID, url: str, at: datetime) -> None:
    """A run was made for the job; unless somebody has taken it meanwhile."""
    driver(connection).execute(
        "update ops.jobs set flow_run_id = %(run)s, flow_run_url = %(url)s, handed_at = %(at)s"
        " where job_id = %(id)s and fence = %(fence)s"
        " and (state = 'queued' or (state = 'running' and lease_until < %(at)s))",
        {"run": run_id, "url": url, "id": job.job_id, "fence": job.fence, "at": at},
    )


def unlink(connection: Connection, job: Job) -> None:
    """Its run is not there any more; one that waits is handed out again."""
    driver(connection).execute(
        "update ops.jobs set flow_run_id = null, flow_run_url = null, handed_at = null"
        " where job_id = %s and flow_run_id = %s",
        (job.job_id, job.flow_run_id),
    )


def end_cancelled(connection: Connection, job: Job, *, at: datetime, reason: str) -> Job:
    """End a job whose process was ended; should it live on, it has lost its lease. LeaseLost where
    somebody else has the job by now.
    """
    ended = driver(connection).execute(
        "update ops.jobs set state = 'cancelled', finished_at = %(at)s, lease_until = null,"
        " fence = fence + 1, cancel_requested_at = coalesce(cancel_requested_at, %(at)s),"
        " error_type = 'Cancelled', error_detail = %(reason)s"
        " where job_id = %(id)s and fence = %(fence)s and state in ('queued', 'running')",
        {"at": at, "reason": reason, "id": job.job_id, "fence": job.fence},
    )
    if ended.rowcount != 1:
        raise LeaseLost(f"job {job.job_id}")
    job_events.append(connection, job.job_id, at=at, state="cancelled", message=reason)
    return jobs.by_id(connection, job.job_id)


def mend(
    connection: Connection, job: Job, *, why: str, told: str, is_cancelled: bool,
    is_ending: bool, at: datetime,
) -> None:  # fmt: skip
    """The job ends where its run was ended, unless its process ``is_ending`` it itself, and has
    what was mended as an event. LeaseLost where somebody else has the job by now.
    """
    state = job.state
    if is_cancelled and is_ending:
        state = jobs.request_cancel(connection, job.job_id, at=at).state
    elif is_cancelled:
        state = end_cancelled(connection, job, at=at, reason=why).state
    message = f"reconciled: {why}; {told}"
    job_events.append(connection, job.job_id, at=at, state=state, message=message)


def _all(connection: Connection, condition: LiteralString, **values: Any) -> list[Job]:
    return driver(connection).cursor(row_factory=class_row(Job)).execute(
        f"select {jobs.COLUMNS} from ops.jobs {condition}", values  # noqa: S608 - our own columns
    ).fetchall()  # fmt: skip
