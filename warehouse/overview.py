"""What a list of repositories shows of each: its size, health, trend and the job under way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from psycopg.rows import class_row

from warehouse.engine import Connection, driver

WEEKS = 26
_SUMMARY = """
select language, stargazers_count, issues_open_count, pull_requests_open_count
from marts.repository_summary where repository_id = asked.repository_id
"""
_HEALTH = """
select score from marts.health_score
where repository_id = asked.repository_id order by iso_week desc limit 1
"""
_TREND = """
select min(iso_week) as first_week, array_agg(commits_count order by iso_week) as counts
from (
    select iso_week, commits_count from marts.weekly_activity
    where repository_id = asked.repository_id order by iso_week desc limit %(weeks)s
) as latest
"""
_UNKNOWN = {
    _SUMMARY: """
        select null::text as language, null::bigint as stargazers_count,
            null::bigint as issues_open_count, null::bigint as pull_requests_open_count
    """,
    _HEALTH: "select null::float8 as score",
    _TREND: "select null::date as first_week, null::bigint[] as counts",
}
"""In place of what is read of a mart that is not there before the first publication, or not yet
with what is read.
"""
_READ = {
    ("repository_summary", "language"): _SUMMARY,
    ("health_score", "score"): _HEALTH,
    ("weekly_activity", "commits_count"): _TREND,
}


@dataclass(frozen=True, slots=True)
class Overview:
    """``trend`` has the commits of each of the last ``WEEKS`` weeks, from ``trend_since`` on."""

    repository_id: int
    language: str | None
    stargazers_count: int | None
    issues_open_count: int | None
    pull_requests_open_count: int | None
    health_score: float | None
    trend_since: date | None
    trend: list[int | None]
    job_id: UUID | None
    job_state: str | None
    job_stage: str | None


def several(connection: Connection, repository_ids: Sequence[int]) -> dict[int, Overview]:
    cursor = driver(connection).cursor(row_factory=class_row(Overview))
    summary, health, trend = (
        read if _is_there(connection, mart, column) else _UNKNOWN[read]
        for (mart, column), read in _READ.items()
    )
    found = cursor.execute(
        f"""
        select asked.repository_id, summary.language, summary.stargazers_count,
            summary.issues_open_count, summary.pull_requests_open_count,
            health.score as health_score, trend.first_week as trend_since,
            coalesce(trend.counts, '{{}}') as trend,
            job.job_id, job.state as job_state, job.stage as job_stage
        from unnest(%(ids)s::bigint[]) as asked (repository_id)
        left join lateral ({summary}) as summary on true
        left join lateral ({health}) as health on true
        left join lateral ({trend}) as trend on true
        left join ops.jobs as job
            on job.repository_id = asked.repository_id and job.state in ('queued', 'running')
        """.encode(),  # noqa: S608 - every part of it stands above
        {"ids": list(repository_ids), "weeks": WEEKS},
    ).fetchall()
    return {one.repository_id: one for one in found}


def _is_there(connection: Connection, mart: str, column: str) -> bool:
    found = driver(connection).execute(
        "select exists (select from information_schema.columns where table_schema = 'marts'"
        " and table_name = %s and column_name = %s)",
        (mart, column),
    )
    return found.fetchone() == (True,)
