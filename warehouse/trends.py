"""What forecasts and anomalies are made of: series as dbt has just computed them, and what was
there on a day.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from psycopg.rows import dict_row

from models.facts import DayCount
from warehouse.engine import Connection, driver
from warehouse.schemas import NOW, Schemas

_WEEKS = 260
_WEEKLY = """
    with stars as (
        select repository_id, date_trunc('week', day)::date as iso_week,
            case when count(stars_gained_count) = 7 then sum(stars_gained_count) end as gained_count
        from candidate.stars_growth where repository_id = %(id)s group by 1, 2
    )
    select weekly.iso_week,
        weekly.commits_human_count::float8 as commits,
        weekly.issues_opened_human_count::float8 as issues_opened,
        weekly.pull_requests_opened_human_count::float8 as pull_requests_opened,
        weekly.active_persons_count::float8 as active_persons,
        stars.gained_count::float8 as stars_gained,
        asked.first_response_km_p50_hours as review_latency
    from candidate.weekly_activity as weekly
    left join stars using (repository_id, iso_week)
    left join candidate.pull_request_weekly as asked
        on asked.repository_id = weekly.repository_id and asked.opened_week = weekly.iso_week
    where weekly.repository_id = %(id)s and weekly.is_complete
    order by weekly.iso_week desc limit %(weeks)s
"""
_DAILY = """
    select day, commits_human_count as commits, issues_opened_human_count as issues_opened,
        pull_requests_opened_human_count as pull_requests_opened
    from candidate.daily_activity
    where repository_id = %(id)s and is_complete and day >= %(since)s
    order by day
"""
_KINDS = {"commits": "commit", "issues_opened": "issue", "pull_requests_opened": "pull_request"}
"""What ``int_contributions`` calls what a metric counts."""
_PERSONS = """
    select made.person, count(*) as count
    from intermediate.int_contributions as made
    join intermediate.int_actors as actor on actor.repository_id = made.repository_id
        and actor.login = made.person and actor.actor_class = 'human'
    where made.repository_id = %(id)s and made.kind = %(kind)s
        and made.made_at >= %(first)s::date::timestamp at time zone 'UTC'
        and made.made_at < (%(first)s::date + %(days)s)::timestamp at time zone 'UTC'
    group by made.person order by count(*) desc, made.person limit 3
"""
_RELEASES = """
    select tag_name from intermediate.int_releases
    where repository_id = %(id)s
        and released_at >= (%(first)s::date - 1)::timestamp at time zone 'UTC'
        and released_at < (%(first)s::date + %(days)s + 1)::timestamp at time zone 'UTC'
    order by released_at, tag_name
"""


def weekly(
    connection: Connection, repository_id: int, *, schemas: Schemas = NOW
) -> tuple[date | None, dict[str, list[float | None]]]:
    """The last week that is complete, and each series up to it, of 260 weeks at most; counts are of
    humans, a latency is in hours, and None is not known, or nothing to measure.
    """
    cursor = driver(connection).cursor(row_factory=dict_row)
    found = cursor.execute(schemas.of(_WEEKLY), {"id": repository_id, "weeks": _WEEKS}).fetchall()
    series: dict[str, list[float | None]] = {}
    for row in reversed(found):
        for metric, value in row.items():
            if metric != "iso_week":
                series.setdefault(metric, []).append(value)
    return (found[0]["iso_week"] if found else None), series


def daily(
    connection: Connection, repository_id: int, *, since: date, schemas: Schemas = NOW
) -> dict[str, list[DayCount]]:
    """What humans did on each day that is complete, by metric."""
    cursor = driver(connection).cursor(row_factory=dict_row)
    found = cursor.execute(schemas.of(_DAILY), {"id": repository_id, "since": since}).fetchall()
    return {metric: [DayCount(row["day"], row[metric]) for row in found] for metric in _KINDS}


def who_and_what(
    connection: Connection, repository_id: int, metric: str, first_day: date, days_count: int, *,
    schemas: Schemas = NOW,
) -> tuple[Sequence[dict[str, Any]], Sequence[str]]:  # fmt: skip
    """The three humans who did most of it, and the releases of those days, or a day beside them."""
    known = {
        "id": repository_id, "kind": _KINDS[metric], "first": first_day, "days": days_count,
    }  # fmt: skip
    cursor = driver(connection).cursor(row_factory=dict_row)
    persons = cursor.execute(schemas.of(_PERSONS), known).fetchall()
    releases = cursor.execute(schemas.of(_RELEASES), known).fetchall()
    return persons, [one["tag_name"] for one in releases]
