"""What change probes have said, and whether somebody has read what they told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from warehouse.engine import Connection, driver


@dataclass(frozen=True, slots=True)
class Known:
    """``state`` is null until a job has succeeded that began after it was probed. ``last_job`` is
    the state of the newest job, ``published_as_of`` the instant that the figures describe.
    """

    repository_id: int
    state: dict[str, Any] | None
    last_job: str | None
    published_as_of: datetime | None


def known(connection: Connection, repository_ids: Sequence[int]) -> dict[int, Known]:
    """One for each repository, by its id."""
    found = (
        driver(connection)
        .cursor(row_factory=class_row(Known))
        .execute(
            """
            select
                wanted.repository_id,
                case when reading.state = 'succeeded' then probes.state end as state,
                newest.state as last_job,
                publications.as_of as published_as_of
            from unnest(%(ids)s::bigint[]) as wanted (repository_id)
            left join ops.probes as probes using (repository_id)
            left join ops.jobs as reading on reading.job_id = probes.job_id
            left join ops.publications as publications
                on publications.repository_id = wanted.repository_id
            left join lateral (
                select jobs.state from ops.jobs as jobs
                where jobs.repository_id = wanted.repository_id and jobs.kind = 'analysis'
                order by jobs.requested_at desc, jobs.job_id limit 1
            ) as newest on true
            """,
            {"ids": list(repository_ids)},
        )
        .fetchall()
    )
    return {one.repository_id: one for one in found}


def record(
    connection: Connection, repository_id: int, state: dict[str, Any], *, probed_at: datetime,
    job_id: UUID,
) -> None:  # fmt: skip
    """``job_id`` is to begin after the probe: one that had begun before may have read too early."""
    driver(connection).execute(
        """
        insert into ops.probes (repository_id, state, probed_at, job_id)
        values (%(id)s, %(state)s, %(at)s, %(job_id)s)
        on conflict (repository_id) do update
        set state = excluded.state, probed_at = excluded.probed_at, job_id = excluded.job_id
        """,
        {"id": repository_id, "state": Jsonb(state), "at": probed_at, "job_id": job_id},
    )


def record_quiet(
    connection: Connection, repository_ids: Sequence[int], *, probed_at: datetime
) -> None:
    """They were probed, and nothing has changed."""
    driver(connection).execute(
        "update ops.probes set probed_at = %s where repository_id = any(%s)",
        (probed_at, list(repository_ids)),
    )
