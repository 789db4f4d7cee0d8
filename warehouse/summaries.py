"""Summaries of several repositories at once, each with the version that announcements name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import dict_row

from gitinsight.errors import NotFound
from warehouse.engine import Connection, Engine, driver
from warehouse.ledger import Standing, quality_status

_STANDING = """
select
    r.repository_id, r.is_private, r.checked_at, p.publication, p.as_of, p.coverage,
    ops.figures_version(p.publication, r.checked_at) as version,
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
    where q.job_id = p.job_id and q.repository_id = r.repository_id
) as checks
where r.repository_id = any(%s)
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """``version`` grows with whatever changes the others, as text that compares."""

    version: str
    is_private: bool
    row: dict[str, Any]
    standing: Standing


def summaries(engine: Engine, repository_ids: Sequence[int]) -> dict[int, Summary | NotFound]:
    """All as of one instant; for one that is not there, what is missing of it."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        rows = _rows(connection, repository_ids)
        cursor = driver(connection).cursor(row_factory=dict_row)
        known = cursor.execute(_STANDING, (list(repository_ids),)).fetchall()
    found: dict[int, Summary | NotFound] = {
        one: NotFound(f"repository {one}") for one in repository_ids
    }
    for one in known:
        repository_id = one["repository_id"]
        if rows is None:
            found[repository_id] = NotFound("mart repository_summary")
            continue
        row = rows.get(repository_id)
        if row is None or one["publication"] is None:
            found[repository_id] = NotFound(f"summary of repository {repository_id}")
            continue
        standing = Standing(
            publication=one["publication"], as_of=one["as_of"], verified_at=one["checked_at"],
            coverage=one["coverage"], quality_status=quality_status(
                one["checks_count"], len(one["failed"]), is_blocked=one["is_blocked"]
            ),
            failed_checks=one["failed"],
        )  # fmt: skip
        found[repository_id] = Summary(one["version"], one["is_private"], row, standing)
    return found


def _rows(
    connection: Connection, repository_ids: Sequence[int]
) -> dict[int, dict[str, Any]] | None:
    """None before the first publication of all, when there is no such mart."""
    cursor = driver(connection).cursor(row_factory=dict_row)
    there = cursor.execute("select to_regclass('marts.repository_summary') is not null as is_there")
    if not (there.fetchone() or {})["is_there"]:
        return None
    rows = cursor.execute(
        "select * from marts.repository_summary where repository_id = any(%s)",
        (list(repository_ids),),
    )
    return {row["repository_id"]: row for row in rows}
