"""The one way into the schema ``marts``: checked rows of one repository, all tables at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.sql import SQL, Identifier, Literal

from warehouse import insights
from warehouse.engine import Connection, driver

LOCK_KEY = 7_105_202
"""Held from transform to publish: the candidate tables belong to one job at a time."""


def publish(
    connection: Connection, repository_id: int, *, job_id: UUID, as_of: datetime, at: datetime,
    quality_status: str, rows: Mapping[str, Sequence[dict[str, Any]]],
) -> int:  # fmt: skip
    """Move the candidate rows and the insights into what readers see; the new publication."""
    raw = driver(connection)
    for mart in candidates(connection):
        _prepare(connection, mart)
        columns = SQL(", ").join(map(Identifier, _columns(connection, "candidate", mart)))
        raw.execute(
            SQL("delete from {} where repository_id = %s").format(Identifier("marts", mart)),
            (repository_id,),
        )
        raw.execute(
            SQL("insert into {} ({}) select {} from {} where repository_id = %s").format(
                Identifier("marts", mart), columns, columns, Identifier("candidate", mart)
            ),
            (repository_id,),
        )
    for insight, found in rows.items():
        insights.store(connection, repository_id, insight, found)
    published = raw.execute(
        """
        insert into ops.publications
            (repository_id, publication, job_id, as_of, published_at, quality_status)
        values (%s, 1, %s, %s, %s, %s)
        on conflict (repository_id) do update
        set publication = ops.publications.publication + 1, job_id = excluded.job_id,
            as_of = excluded.as_of, published_at = excluded.published_at,
            quality_status = excluded.quality_status
        returning publication
        """,
        (repository_id, job_id, as_of, at, quality_status),
    ).fetchone()
    return int(published[0]) if published else 0


def published_as_of(connection: Connection, repository_id: int) -> datetime | None:
    found = (
        driver(connection)
        .execute("select as_of from ops.publications where repository_id = %s", (repository_id,))
        .fetchone()
    )
    return found[0] if found else None


def candidates(connection: Connection) -> list[str]:
    return _tables(connection, "candidate")


def published(connection: Connection) -> list[str]:
    return _tables(connection, "marts")


def _tables(connection: Connection, schema: str) -> list[str]:
    found = driver(connection).execute(
        "select table_name from information_schema.tables where table_schema = %s"
        " order by table_name",
        (schema,),
    )
    return [name for (name,) in found]


def _columns(connection: Connection, schema: str, table: str) -> dict[str, str]:
    """Name -> type, in order."""
    found = driver(connection).execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
        (f"{schema}.{table}",),
    )
    return dict(found)


def _prepare(connection: Connection, mart: str) -> None:
    """The published table has every column that its candidate has, documented and indexed."""
    raw = driver(connection)
    wanted = _columns(connection, "candidate", mart)
    held = _columns(connection, "marts", mart)
    table = Identifier("marts", mart)
    if not held:
        raw.execute(
            SQL("create table {} (like {} including comments)").format(
                table, Identifier("candidate", mart)
            )
        )
        raw.execute(
            SQL("create index {} on {} (repository_id)").format(
                Identifier(f"ix_{mart}_repository_id"), table
            )
        )
        raw.execute(SQL("grant select on {} to gitinsight_analyst").format(table))
    for name, kind in wanted.items():
        if held and name not in held:
            # The type is text that PostgreSQL itself has written.
            column = SQL(f"{{}} {kind}").format(Identifier(name))
            raw.execute(SQL("alter table {} add column {}").format(table, column))
    _document(connection, mart, list(wanted))


def _document(connection: Connection, mart: str, columns: Sequence[str]) -> None:
    raw = driver(connection)
    table = f"candidate.{mart}"
    described = raw.execute(
        "select objsubid, description from pg_description where objoid = to_regclass(%s)"
        " and classoid = 'pg_class'::regclass",
        (table,),
    ).fetchall()
    by_position = dict(described)
    target = Identifier("marts", mart)
    if 0 in by_position:
        raw.execute(SQL("comment on table {} is {}").format(target, Literal(by_position[0])))
    for position, name in enumerate(columns, 1):
        if position in by_position:
            raw.execute(
                SQL("comment on column {}.{} is {}").format(
                    target, Identifier(name), Literal(by_position[position])
                )
            )
