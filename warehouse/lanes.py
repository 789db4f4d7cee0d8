"""Which queued jobs may start: small ones first, giants in places of their own, owners in turn."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse import job_events, jobs
from warehouse.engine import Connection, driver
from warehouse.jobs import Job

PATIENCE = timedelta(minutes=30)
"""Who has waited for so long goes before those who have not, whatever the size."""
CLAIM_WITHIN = timedelta(minutes=1)
"""A job that was handed out and is not taken by then is handed out again."""
_REMEMBERED = 500
"""Whose turn it is follows from so many newest starts."""

_TAKEN = """
select count(*), count(*) filter (where repositories.records_estimate >= %(giant)s)
from ops.jobs as jobs
inner join ops.repositories as repositories using (repository_id)
where jobs.state in ('queued', 'running')
  and ((jobs.state = 'running' and jobs.lease_until >= %(at)s) or jobs.handed_at >= %(handed)s)
"""

# `turn` spreads what one owner has queued; `served_at` has who was served last wait for the others.
# Owners are compared by a hash: comparing text would be most of the work.
_CHOSEN = """
with waiting as (
    select
        jobs.job_id, jobs.requested_at, jobs.state = 'running' as is_left,
        hashtext(split_part(repositories.full_name, '/', 1)) as owner,
        coalesce(repositories.records_estimate >= %(giant)s, false) as is_giant
    from ops.jobs as jobs
    inner join ops.repositories as repositories using (repository_id)
    where (
        (jobs.state = 'queued' and (jobs.not_before is null or jobs.not_before <= %(at)s))
        or (jobs.state = 'running' and jobs.lease_until < %(at)s)
    )
      and (jobs.handed_at is null or jobs.handed_at < %(handed)s)
),
ranked as (
    select *, case
        when is_left then 0 when requested_at < %(patient)s then 1 when is_giant then 3 else 2
    end as lane
    from waiting
),
in_turn as (
    select *, row_number() over (
        partition by lane, owner, is_giant order by requested_at, job_id
    ) as turn
    from ranked
),
started as (
    (
        select repository_id, started_at as served_at from ops.jobs
        where started_at is not null order by started_at desc limit %(remembered)s
    )
    union all
    select repository_id, handed_at from ops.jobs
    where state = 'queued' and handed_at >= %(handed)s
),
served as (
    select
        hashtext(split_part(repositories.full_name, '/', 1)) as owner,
        max(started.served_at) as served_at
    from started
    inner join ops.repositories as repositories using (repository_id)
    group by 1
),
ordered as (
    select
        in_turn.job_id, in_turn.is_giant,
        row_number() over first_come as place,
        count(*) filter (where in_turn.is_giant) over first_come as giants
    from in_turn
    left join served using (owner)
    where in_turn.turn <= %(free)s
    window first_come as (
        order by lane, turn, served_at nulls first, requested_at, job_id
        rows unbounded preceding
    )
)
select job_id from ordered
where not is_giant or giants <= %(giants)s
order by place
limit %(free)s
"""

_ALIKE = """
update ops.jobs set not_before = %(until)s
where job_id in (
    select jobs.job_id
    from ops.jobs as jobs
    inner join ops.repositories as repositories using (repository_id)
    inner join ops.repositories as mine
        on mine.repository_id = %(mine)s and mine.host = repositories.host
            and split_part(mine.full_name, '/', 1) = split_part(repositories.full_name, '/', 1)
    where jobs.state = 'queued' and jobs.kind = %(kind)s
      and (jobs.not_before is null or jobs.not_before < %(until)s)
      and (jobs.handed_at is null or jobs.handed_at < %(handed)s)
    order by jobs.requested_at, jobs.job_id
    limit %(most)s
    for update of jobs skip locked
)
returning job_id
"""
_MOST_HELD_BACK = 200
"""At once; each takes a lock of its own, of which PostgreSQL has so many."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """``places`` jobs at once; a repository of ``giant_records`` records or more is a giant. At
    most ``places - 1`` giants run at once, so that a small one never waits for a giant; where there
    is one place, they share it.
    """

    places: int
    giant_records: int


def startable(connection: Connection, lanes: Lanes, at: datetime) -> list[Job]:
    """Jobs for the places that are free: those of dead workers first, then one owner after the
    other. A job that was handed out takes its place already.
    """
    moments = {"at": at, "handed": at - CLAIM_WITHIN, "giant": lanes.giant_records}
    ((taken, giants),) = driver(connection).execute(_TAKEN, moments).fetchall()
    free = lanes.places - taken
    if free <= 0:
        return []
    found = driver(connection).execute(
        _CHOSEN,
        {
            **moments, "free": free, "patient": at - PATIENCE,
            "giants": max(0, max(1, lanes.places - 1) - giants), "remembered": _REMEMBERED,
        },
    )  # fmt: skip
    return [jobs.by_id(connection, job_id) for (job_id,) in found.fetchall()]


def hold_back(
    connection: Connection, job: Job, *, until: datetime, at: datetime, reason: str
) -> int:
    """A limit has parked ``job``, and would park whoever asks for the same owner, whom the same
    principals serve. Each of those that wait is told so now, instead of a run that finds it out;
    how many.
    """
    values = {
        "mine": job.repository_id, "kind": job.kind, "until": until, "handed": at - CLAIM_WITHIN,
        "most": _MOST_HELD_BACK,
    }  # fmt: skip
    held = driver(connection).execute(_ALIKE, values).fetchall()
    for (job_id,) in sorted(held):
        job_events.append(connection, job_id, at=at, state="queued", message=reason)
    return len(held)
