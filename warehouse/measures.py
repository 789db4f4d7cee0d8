"""What a monitoring system is told about all repositories: few series, however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString

from warehouse import freshness
from warehouse.engine import Connection, driver
from warehouse.freshness import Freshness

STALEST = 100
"""Repositories that have a series of their own; of the others there is a count."""


@dataclass(frozen=True, slots=True)
class Measures:
    checks: Sequence[tuple[str, str, str, int]]
    """(tool, severity, status, how many), of the figures that are shown."""
    stalest: Sequence[Freshness]
    """What is overdue by most first."""
    repositories: dict[str, int]
    """fresh, stale or unpublished -> how many."""
    coverage: Sequence[tuple[str, float]]
    """(thing, held of what exists), of all repositories together."""
    quarantine: Sequence[tuple[str, int]]
    """(thing, records that are refused still)."""


def measures(connection: Connection, *, now: datetime, fresh_for: timedelta) -> Measures:
    known = freshness.several(connection, now=now, fresh_for=fresh_for)
    published = [one for one in known if one.seconds is not None]
    stale_count = sum(not one.is_fresh for one in published)
    return Measures(
        checks=_rows(
            connection,
            """
            select tool, severity, status, count(*)
            from ops.quality_results join ops.publications using (job_id)
            group by tool, severity, status order by tool, severity, status
            """,
        ),
        stalest=published[:STALEST],
        repositories={
            "fresh": len(published) - stale_count,
            "stale": stale_count,
            "unpublished": len(known) - len(published),
        },
        coverage=_rows(
            connection,
            """
            select thing, sum(held_count)::float8 / sum(upstream_count)
            from ops.completeness
            where held_count is not null and upstream_count is not null
            group by thing having sum(upstream_count) > 0 order by thing
            """,
        ),
        quarantine=_rows(
            connection,
            """
            select thing, count(*) from ops.quarantine
            where replayed_at is null and kind <> 'original' group by thing order by thing
            """,
        ),
    )


def _rows(connection: Connection, query: LiteralString, **values: object) -> list[Any]:
    return driver(connection).execute(query, values).fetchall()
