"""What is known about the figures of a repository: coverage, checks, and when they were made."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from warehouse.engine import Connection, driver

_TOGETHER = """
with shown as (
    select * from ops.publications
    where %(ids)s::bigint[] is null or repository_id = any(%(ids)s)
),
things as (
    select thing, case when bool_and(told -> 'upstream' <> 'null')
            then sum((told ->> 'upstream')::bigint)::bigint end as upstream,
        case when bool_and(told -> 'held' <> 'null')
            then sum((told ->> 'held')::bigint)::bigint end as held
    from shown cross join jsonb_each(coverage) as each (thing, told)
    group by thing
)
select (select count(*) from shown), (select min(as_of) from shown),
    (select max(as_of) from shown),
    (select coalesce(jsonb_object_agg(thing, jsonb_build_array(upstream, held)), '{}') from things),
    (select coalesce(array_agg(distinct check_name order by check_name), '{}')
        from shown join ops.quality_results using (job_id, repository_id)
        where status = 'failed'),
    (select case when count(*) = 0 then 'unknown' when bool_or(quality_status <> 'passed')
        then 'warned' else 'passed' end from shown)
"""


@dataclass(frozen=True, slots=True)
class Together:
    """What is known about the figures of several repositories: ``as_of`` is the oldest of theirs,
    and coverage is null where that of one of them is not known.
    """

    repositories_count: int
    as_of: datetime | None
    newest_as_of: datetime | None
    coverage: dict[str, dict[str, Any]]
    quality_status: str
    failed_checks: list[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """``publication`` is 0 and ``as_of`` null until something was published."""

    publication: int
    as_of: datetime | None
    verified_at: datetime | None
    coverage: dict[str, dict[str, Any]]
    quality_status: str
    failed_checks: list[str]


def completeness(connection: Connection, repository_id: int) -> list[dict[str, Any]]:
    cursor = driver(connection).cursor(row_factory=dict_row)
    return cursor.execute(
        "select thing, upstream_count, held_count, state, reason, as_of, job_id"
        " from ops.completeness where repository_id = %s order by thing",
        (repository_id,),
    ).fetchall()


def coverage(connection: Connection, repository_id: int) -> dict[str, dict[str, Any]]:
    """Thing -> what exists upstream, what is held, and their ratio."""
    return {
        one["thing"]: _coverage(one["upstream_count"], one["held_count"])
        for one in completeness(connection, repository_id)
    }


def quality(
    connection: Connection, repository_id: int, job_id: UUID | None = None
) -> list[dict[str, Any]]:
    """The checks of a job; without one, of the last that was checked."""
    cursor = driver(connection).cursor(row_factory=dict_row)
    return cursor.execute(
        "select check_name, tool, subject, severity, status, failures, observed, expected, at,"
        " job_id"
        " from ops.quality_results where job_id = coalesce(%(job_id)s, (select job_id"
        " from ops.quality_results where repository_id = %(id)s order by at desc limit 1))"
        " and repository_id = %(id)s order by check_name",
        {"id": repository_id, "job_id": job_id},
    ).fetchall()


def standing(connection: Connection, repository_id: int) -> Standing:
    """What an answer says about itself: as of the publication that it comes from, whatever a later
    job has found. Before the first one, as things are now.
    """
    found = (
        driver(connection)
        .execute(
            "select p.publication, p.as_of, p.job_id, p.coverage, r.checked_at"
            " from ops.repositories r left join ops.publications p using (repository_id)"
            " where r.repository_id = %s",
            (repository_id,),
        )
        .fetchone()
    )
    publication, as_of, job_id, published, verified_at = found or (None,) * 5
    checks = quality(connection, repository_id, job_id)
    failed = [one for one in checks if one["status"] == "failed"]
    return Standing(
        publication=publication or 0,
        as_of=as_of,
        verified_at=verified_at,
        coverage=coverage(connection, repository_id) if published is None else published,
        quality_status=quality_status(
            len(checks), len(failed), is_blocked=any(one["severity"] == "block" for one in failed)
        ),
        failed_checks=[one["check_name"] for one in failed],
    )


def together(connection: Connection, readable: Collection[int] | None = None) -> Together:
    """Of all that has published; of the ``readable`` ones where these are told."""
    ids = None if readable is None else list(readable)
    found = driver(connection).execute(_TOGETHER, {"ids": ids}).fetchone()
    count, first, last, counts, failed, status = found or (0, None, None, {}, [], "unknown")
    return Together(
        repositories_count=count, as_of=first, newest_as_of=last,
        coverage={thing: _coverage(*both) for thing, both in counts.items()},
        quality_status=status, failed_checks=failed,
    )  # fmt: skip


def publications_total(connection: Connection) -> int:
    """Grows with each publication of any repository."""
    found = (
        driver(connection)
        .execute("select coalesce(sum(publication), 0)::bigint from ops.publications")
        .fetchone()
    )
    return int(found[0]) if found else 0


def _coverage(upstream: int | None, held: int | None) -> dict[str, Any]:
    ratio = None
    if upstream is not None and held is not None:
        ratio = round(held / upstream, 4) if upstream else (1.0 if held == 0 else None)
    return {"upstream": upstream, "held": held, "ratio": ratio}


def quality_status(checks_count: int, failed_count: int, *, is_blocked: bool) -> str:
    """What an answer says of the checks of its publication."""
    if not checks_count:
        return "unknown"
    if is_blocked:
        return "failed"
    return "warned" if failed_count else "passed"
