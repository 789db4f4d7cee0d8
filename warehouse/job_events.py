"""What happens to jobs: appended under a number, read on from one."""
# ruff: noqa: S608 - the only thing put into SQL text is our own list of columns

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString, TypedDict, Unpack
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from gitinsight.errors import LeaseLost, NotFound
from warehouse.engine import Connection, driver

_TURN = 1_785_359
"""Of advisory locks: that of a repository whose job has an event."""
_EVENT: LiteralString = (
    "job_id, seq, event_id, repository_id, at, stage, state, resource, done, total, rows,"
    " message, budget, eta_seconds"
)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a job; ``seq`` counts within the job, without gaps."""

    job_id: UUID
    seq: int
    event_id: int
    repository_id: int
    at: datetime
    stage: str | None
    state: str
    resource: str | None
    done: int | None
    total: int | None
    rows: int | None
    message: str | None
    budget: dict[str, Any] | None
    eta_seconds: int | None


class Facts(TypedDict, total=False):
    """What an event tells besides when it was and in which state the job is."""

    stage: str | None
    resource: str | None
    done: int | None
    total: int | None
    rows: int | None
    message: str | None
    budget: Mapping[str, Any] | None
    eta_seconds: int | None


def append(
    connection: Connection, job_id: UUID, *, at: datetime, state: str, **facts: Unpack[Facts]
) -> None:
    """Tell what happened. The row lock on the job numbers its events in the order they commit, and
    the turn of the repository those of all its jobs: else whoever reads on from the last number
    misses one that was given before and committed after.
    """
    if not _append(connection, job_id, facts, at=at, state=state, fence=None, until=None):
        raise NotFound(f"job {job_id}")


def progress(
    connection: Connection,
    job_id: UUID,
    fence: int,
    *,
    at: datetime,
    lease_seconds: int,
    **facts: Unpack[Facts],
) -> bool:
    """An event of a job that runs, and `warehouse.jobs.heartbeat` in one."""
    until = at + timedelta(seconds=lease_seconds)
    told = _append(connection, job_id, facts, at=at, state="running", fence=fence, until=until)
    if told is None:
        raise LeaseLost(f"job {job_id}")
    return bool(told[0])


def _append(
    connection: Connection, job_id: UUID, facts: Facts, **values: object
) -> tuple[Any, ...] | None:
    budget = facts.get("budget")
    return driver(connection).execute(
        """
        with numbered as (
            update ops.jobs set last_seq = last_seq + 1, stage = coalesce(%(stage)s, stage),
                lease_until = coalesce(%(until)s, lease_until)
            where job_id = %(job_id)s
                and (%(fence)s::int is null or (state = 'running' and fence = %(fence)s))
            returning job_id, last_seq, repository_id, cancel_requested_at
        ),
        turn as materialized (
            select *, pg_advisory_xact_lock(%(turn)s, hashint8(repository_id)) from numbered
        ),
        appended as (
            insert into ops.job_events
                (job_id, seq, repository_id, at, stage, state, resource, done, total, rows,
                 message, budget, eta_seconds)
            select job_id, last_seq, repository_id, %(at)s, %(stage)s, %(state)s, %(resource)s,
                   %(done)s, %(total)s, %(rows)s, %(message)s, %(budget)s, %(eta_seconds)s
            from turn
        )
        select cancel_requested_at is not null from numbered
        """,
        {
            **dict.fromkeys(Facts.__annotations__), **facts, **values, "job_id": job_id,
            "turn": _TURN, "budget": None if budget is None else Jsonb(dict(budget)),
        },
    ).fetchone()  # fmt: skip


def after(
    connection: Connection, job_id: UUID, seq: int | None, *, limit: int = 1_000
) -> list[Event]:
    """What follows ``seq``, so many at a time; the newest for None."""
    return _events(connection, "job_id", job_id, "seq", after=seq, limit=limit)


def repository_after(
    connection: Connection, repository_id: int, event_id: int | None, *, limit: int = 1_000
) -> list[Event]:
    """As above, of all jobs of a repository."""
    return _events(
        connection, "repository_id", repository_id, "event_id", after=event_id, limit=limit
    )


def _events(
    connection: Connection, owner: LiteralString, whose: UUID | int, number: LiteralString, *,
    after: int | None, limit: int,
) -> list[Event]:  # fmt: skip
    bound, order = (f"and {number} > %(after)s", "") if after is not None else ("", "desc")
    found = driver(connection).cursor(row_factory=class_row(Event)).execute(
        f"select {_EVENT} from ops.job_events where {owner} = %(whose)s {bound}"
        f" order by {number} {order} limit %(limit)s",
        {"whose": whose, "after": after, "limit": limit},
    ).fetchall()  # fmt: skip
    return found if after is not None else found[::-1]
