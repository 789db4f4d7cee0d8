"""What is known about the figures of a repository: coverage, checks, and when they were made."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from gitinsight.errors import NotFound
from warehouse.engine import Connection, driver
from warehouse.visibility import VISIBLE, Readable, parameter

_TOO_MANY = 2**63
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


_KNOWN = """
select
    r.repository_id, r.is_private, r.checked_at, p.publication, p.as_of, p.coverage,
    ops.figures_version(p.publication, r.checked_at) as version,
    case when p.publication is null then (
        select coalesce(
            jsonb_object_agg(thing, jsonb_build_array(upstream_count, held_count)), '{}'
        )
        from ops.completeness c where c.repository_id = r.repository_id
    ) end as counts,
    checks.total as checks_count, coalesce(checks.failed, '{}') as failed,
    coalesce(checks.is_blocked, false) as is_blocked
from ops.repositories r
left join ops.publications p using (repository_id)
cross join lateral (
    select
        count(*) as total,
        array_agg(check_name order by check_name) filter (where status = 'failed') as failed,
        bool_or(status = 'failed' and severity = 'block') as is_blocked
    from ops.quality_results q
    where q.repository_id = r.repository_id and q.job_id = coalesce(p.job_id, (
        select job_id from ops.quality_results newest
        where newest.repository_id = r.repository_id order by at desc limit 1
    ))
) as checks
where r.repository_id = any(%(ids)s::bigint[]) and (
    %(readable)s::bigint[] is null or not r.is_private or r.repository_id = any(%(readable)s)
)
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


@dataclass(frozen=True, slots=True)
class Known:
    """``version`` is what announcements of changed figures name; null before the first
    publication.
    """

    version: str | None
    standing: Standing
    is_private: bool


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


def standing(connection: Connection, repository_id: int, readable: Readable = None) -> Standing:
    """What an answer says about itself: as of the publication that it comes from, whatever a later
    job has found. Before the first one, as things are now. NotFound where there is no such
    repository, or none that may be seen.
    """
    return one(connection, repository_id, readable).standing


def one(connection: Connection, repository_id: int, readable: Readable = None) -> Known:
    """NotFound as above."""
    found = known(connection, [repository_id], readable).get(repository_id)
    if found is None:
        raise NotFound(f"repository {repository_id}")
    return found


def known(
    connection: Connection, repository_ids: Collection[int], readable: Readable = None
) -> dict[int, Known]:
    """Of those of them that are there and may be seen, by one statement."""
    cursor = driver(connection).cursor(row_factory=dict_row)
    # What PostgreSQL cannot count to is not there.
    ids = [one for one in repository_ids if abs(one) < _TOO_MANY]
    found = cursor.execute(_KNOWN, {"ids": ids, "readable": parameter(readable)}).fetchall()
    return {
        one["repository_id"]: Known(
            one["version"],
            Standing(
                publication=one["publication"] or 0,
                as_of=one["as_of"],
                verified_at=one["checked_at"],
                coverage=one["coverage"]
                if one["publication"]
                else {thing: _coverage(*both) for thing, both in one["counts"].items()},
                quality_status=quality_status(
                    one["checks_count"], len(one["failed"]), is_blocked=one["is_blocked"]
                ),
                failed_checks=one["failed"],
            ),
            is_private=one["is_private"],
        )
        for one in found
    }


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


def version_of_all(connection: Connection, readable: Readable = None) -> str:
    """Another one whenever rows of the repositories that may be seen may be others, and then
    alone: what happens to the rest of them is nobody's to notice.
    """
    found = driver(connection).execute(
        "select coalesce(md5(string_agg("  # noqa: S608 - ours
        "concat(repository_id, ' ', publication), ',' order by repository_id)), '')"
        f" from ops.publications where {VISIBLE}",
        {"readable": parameter(readable)},
    )
    return str((found.fetchone() or ("",))[0])


def _coverage(upstream: int | None, held: int | None) -> dict[str, Any]:
    if upstream is None or held is None or held > upstream == 0:
        ratio = None
    elif held < upstream:
        # Rounded, what is short of little would be whole.
        ratio = min(round(held / upstream, 4), 0.9999)
    else:
        ratio = round(held / upstream, 4) if upstream else 1.0
    return {"upstream": upstream, "held": held, "ratio": ratio}


def quality_status(checks_count: int, failed_count: int, *, is_blocked: bool) -> str:
    """What an answer says of the checks of its publication."""
    if not checks_count:
        return "unknown"
    if is_blocked:
        return "failed"
    return "warned" if failed_count else "passed"
