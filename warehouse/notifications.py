"""What people are told of trouble: found once, kept until it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString

from psycopg.rows import class_row

from warehouse.engine import Connection, driver

_FOUND: LiteralString = """
insert into ops.notifications (subject, channel, trouble, repository_id, facts, at, next_at)
select found.subject, channel.name, found.trouble, found.repository_id, found.facts, %(at)s, %(at)s
from ({found}) as found cross join unnest(%(channels)s::text[]) as channel (name)
where found.trouble = any(%(of)s)
on conflict (subject, channel) do nothing
"""
# What goes on from one job to the next is told once.
_JOBS: LiteralString = """
select
    'job:' || jobs.job_id as subject, jobs.trouble, jobs.repository_id,
    jsonb_build_object(
        'repository', repositories.full_name, 'job_id', jobs.job_id, 'state', jobs.state,
        'error_type', jobs.error_type, 'error_detail', jobs.error_detail,
        'finished_at', jobs.finished_at, 'url', jobs.flow_run_url
    ) as facts
from (
    select
        *, lag(trouble) over (partition by repository_id order by finished_at, job_id) as before
    from (
        select
            *, case
                when state = 'failed' and error_type = 'QualityGateFailed' then 'quality'
                when state in ('failed', 'partial') then state
            end as trouble
        from ops.jobs
        where finished_at is not null and state <> 'cancelled' and repository_id in (
            select repository_id from ops.jobs
            where finished_at >= %(since)s and state in ('failed', 'partial')
        )
    ) as ended
) as jobs
inner join ops.repositories as repositories using (repository_id)
where jobs.finished_at >= %(since)s and jobs.trouble is distinct from jobs.before
"""
_FIGURES: LiteralString = """
select
    'stale:' || repository_id || ':' || extract(epoch from publications.as_of) as subject,
    'stale' as trouble,
    repository_id,
    jsonb_build_object(
        'repository', repositories.full_name, 'as_of', publications.as_of,
        'target_hours', coalesce(repositories.fresh_hours, %(fresh_hours)s)
    ) as facts
from ops.repositories as repositories
inner join ops.publications as publications using (repository_id)
where repositories.state = 'active'
  and %(at)s - publications.as_of
    > coalesce(repositories.fresh_hours, %(fresh_hours)s) * interval '1 hour'
"""


@dataclass(frozen=True, slots=True)
class Notification:
    notification_id: int
    channel: str
    trouble: str
    facts: dict[str, Any]
    at: datetime
    attempts: int


def find(
    connection: Connection, *, channels: Sequence[str], of: Sequence[str], since: datetime,
    at: datetime, fresh_hours: float,
) -> int:  # fmt: skip
    """Write down what is to be told on each channel and was not; how much it was. Of jobs that have
    ended since, and of figures that are too old now.
    """
    values = {
        "channels": list(channels), "of": list(of), "since": since, "at": at,
        "fresh_hours": fresh_hours,
    }  # fmt: skip
    return sum(
        driver(connection).execute(_FOUND.replace("{found}", found), values).rowcount
        for found in (_JOBS, _FIGURES)
    )


def take(connection: Connection, *, at: datetime, pause: timedelta) -> Notification | None:
    """The next one to be sent. Whoever takes it and dies has it sent again after ``pause``, which
    grows with every attempt.
    """
    cursor = driver(connection).cursor(row_factory=class_row(Notification))
    return cursor.execute(
        """
        update ops.notifications
        set attempts = attempts + 1, next_at = %(at)s + %(pause)s * power(2, attempts)
        where notification_id = (
            select notification_id from ops.notifications where next_at <= %(at)s
            order by next_at, notification_id limit 1 for update skip locked
        )
        returning notification_id, channel, trouble, facts, at, attempts
        """,
        {"at": at, "pause": pause},
    ).fetchone()


def record_sent(connection: Connection, notification_id: int, *, at: datetime) -> None:
    driver(connection).execute(
        "update ops.notifications set sent_at = %s, next_at = null, error = null"
        " where notification_id = %s",
        (at, notification_id),
    )


def record_failure(
    connection: Connection, notification_id: int, *, error: str, is_last: bool
) -> None:
    driver(connection).execute(
        "update ops.notifications set error = %s, next_at = case when %s then null else next_at end"
        " where notification_id = %s",
        (error, is_last, notification_id),
    )
