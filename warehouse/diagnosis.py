"""What is wrong with a warehouse that somebody should look at, in few numbers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from warehouse.engine import Connection, driver

_WAITS_TOO_LONG = timedelta(hours=1)
_GONE_FOR = timedelta(minutes=2)
"""A job whose worker died is taken over within one."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``waiting`` are jobs that could have begun an hour ago, ``abandoned`` those whose worker has
    gone and that nobody has taken over, ``failed`` those whose newest job failed.
    """

    server_version: int
    waiting: int
    abandoned: int
    failed: int
    deliveries: int
    """Webhook deliveries that nobody has looked at for an hour."""
    removals: int
    """Repositories that were removed an hour ago, and of which something may be left."""
    queued: int
    running: int
    queue_seconds: float
    """How long the job has waited that could have begun first; 0 where none waits."""
    warehouse_bytes: int


def diagnose(connection: Connection, *, now: datetime) -> Diagnosis:
    found = driver(connection).cursor(row_factory=class_row(Diagnosis)).execute(
        """
        select current_setting('server_version_num')::int / 10000 as server_version,
            (
                select count(*) from ops.jobs
                where state = 'queued' and greatest(requested_at, not_before) < %(waiting)s
            ) as waiting,
            (
                select count(*) from ops.jobs where state = 'running' and lease_until < %(gone)s
            ) as abandoned,
            (
                select count(*) from (
                    select distinct on (repository_id) state from ops.jobs
                    where finished_at is not null order by repository_id, finished_at desc
                ) as newest where state = 'failed'
            ) as failed,
            (
                select count(*) from ops.webhook_deliveries
                where processed_at is null and received_at < %(waiting)s
            ) as deliveries,
            (
                select count(*) from ops.removals
                where erased_at is null and requested_at < %(waiting)s
            ) as removals,
            (select count(*) from ops.jobs where state = 'queued') as queued,
            (select count(*) from ops.jobs where state = 'running') as running,
            (
                select coalesce(
                    extract(epoch from %(now)s - min(greatest(requested_at, not_before))), 0
                )::float8
                from ops.jobs
                where state = 'queued' and greatest(requested_at, not_before) <= %(now)s
            ) as queue_seconds,
            pg_database_size(current_database()) as warehouse_bytes
        """,
        {"now": now, "waiting": now - _WAITS_TOO_LONG, "gone": now - _GONE_FOR},
    ).fetchone()  # fmt: skip
    assert found is not None  # noqa: S101 - it has one row or fails
    return found


def budgets(connection: Connection, *, now: datetime) -> list[tuple[str, float]]:
    """(bucket, share that is left) of GitHub's limits, of the principal with least of each."""
    return driver(connection).execute(
        """
        select bucket, min(
            case when renewed_at > %s then remaining::float8 / quota else 1 end
        )
        from ops.buckets where quota > 0 and remaining is not null group by bucket order by bucket
        """,
        (now,),
    ).fetchall()  # fmt: skip
