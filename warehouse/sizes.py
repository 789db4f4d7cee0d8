"""How large the tables are, day by day, and how large they become at this pace."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from warehouse.engine import Connection, driver

_SCHEMAS = ("raw", "ops", "marts", "insights")
_SEEN_DAYS = 30
"""The pace is that of so many days at most."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a table takes now, and a day. ``growth_bytes`` is what it grows by in a day, and
    ``gross_bytes`` what it would grow by if nothing were forgotten; both are null until two days
    have been measured.
    """

    table: str
    size_bytes: int
    growth_bytes: float | None
    gross_bytes: float | None
    since: date | None


def record(connection: Connection, *, at: datetime, forgotten: Mapping[str, int]) -> None:
    """What every table takes today, and how many of its rows were ``forgotten``."""
    raw = driver(connection)
    raw.execute(
        """
        insert into ops.table_sizes as held (table_name, day, size_bytes, forgotten_bytes)
        select
            relation.name, %(day)s, relation.size_bytes,
            -- Without statistics nobody knows how large a row is.
            case
                when relation.rows_count > 0 then least(
                    div(relation.size_bytes, relation.rows_count)
                    * coalesce((%(forgotten)s::jsonb ->> relation.name)::bigint, 0),
                    relation.size_bytes
                )::bigint
                else 0
            end
        from (
            select
                n.nspname || '.' || c.relname as name,
                pg_total_relation_size(c.oid) as size_bytes, c.reltuples::bigint as rows_count
            from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
            where c.relkind = 'r' and n.nspname = any(%(schemas)s)
        ) as relation
        on conflict (table_name, day) do update
        set size_bytes = excluded.size_bytes,
            forgotten_bytes = held.forgotten_bytes + excluded.forgotten_bytes
        """,
        {"day": at.date(), "forgotten": Jsonb(dict(forgotten)), "schemas": list(_SCHEMAS)},
    )
    raw.execute(
        "delete from ops.table_sizes where day < %s", (at.date() - timedelta(days=_SEEN_DAYS),)
    )


def measured_on(connection: Connection) -> date | None:
    found = driver(connection).execute("select max(day) from ops.table_sizes").fetchone()
    day: date | None = found[0] if found else None
    return day


def sizes(connection: Connection) -> list[Size]:
    """Every table, the largest first."""
    return (
        driver(connection)
        .cursor(row_factory=class_row(Size))
        .execute(
            """
            with paced as (
                select
                    table_name, max(day) as until, min(day) as since,
                    (array_agg(size_bytes order by day desc))[1] as last_bytes,
                    (array_agg(size_bytes order by day))[1] as first_bytes,
                    -- What was forgotten on the first day was no part of its size any more.
                    coalesce(sum(forgotten_bytes), 0)
                        - (array_agg(forgotten_bytes order by day))[1] as forgotten_bytes
                from ops.table_sizes group by table_name
            )
            select
                relation.name as "table", relation.size_bytes, paced.since,
                (last_bytes - first_bytes)::double precision / nullif(until - since, 0)
                    as growth_bytes,
                (last_bytes - first_bytes + forgotten_bytes)::double precision
                    / nullif(until - since, 0) as gross_bytes
            from (
                select
                    n.nspname || '.' || c.relname as name,
                    pg_total_relation_size(c.oid) as size_bytes
                from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
                where c.relkind = 'r' and n.nspname = any(%s)
            ) as relation
            left join paced on paced.table_name = relation.name
            order by relation.size_bytes desc, relation.name
            """,
            (list(_SCHEMAS),),
        )
        .fetchall()
    )
