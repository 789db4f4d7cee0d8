"""The one way into the schema ``marts``: checked rows of one repository, all tables at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from warehouse import hidden, insights, ledger
from warehouse.engine import Connection, driver
from warehouse.erasure import Changes

LOCK_KEY = 7_105_202
"""Held from transform to publish: the candidate tables belong to one job at a time."""


def publish(
    connection: Connection, repository_id: int, *, job_id: UUID, as_of: datetime, at: datetime,
    quality_status: str, rows: Mapping[str, Sequence[dict[str, Any]]],
) -> int:  # fmt: skip
    """Move the candidate rows and the insights into what readers see, without the names of those
    who are hidden; the new publication.
    """
    raw = driver(connection)
    hidden.cover(connection, ["candidate"], Changes())
    for mart in candidates(connection):
        _prepare(connection, mart)
        _move(connection, mart, repository_id)
    for insight, found in rows.items():
        insights.store(connection, repository_id, insight, found)
    hidden.cover(connection, ["insights"], Changes())
    published = raw.execute(
        """
        insert into ops.publications
            (repository_id, publication, job_id, as_of, published_at, quality_status, coverage)
        values (%s, 1, %s, %s, %s, %s, %s)
        on conflict (repository_id) do update
        set publication = ops.publications.publication + 1, job_id = excluded.job_id,
            as_of = excluded.as_of, published_at = excluded.published_at,
            quality_status = excluded.quality_status, coverage = excluded.coverage
        returning publication
        """,
        (
            repository_id,
            job_id,
            as_of,
            at,
            quality_status,
            Jsonb(ledger.coverage(connection, repository_id)),
        ),
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


def _move(connection: Connection, mart: str, repository_id: int) -> None:
    """Only what differs is written: rows that are gone are deleted, others by their key."""
    raw = driver(connection)
    candidate, table = Identifier("candidate", mart), Identifier("marts", mart)
    columns = list(_columns(connection, "candidate", mart))
    key = _key(connection, "marts", mart)
    same = SQL(" and ").join(SQL("new.{0} = old.{0}").format(Identifier(one)) for one in key)
    raw.execute(
        SQL(
            "delete from {} as old where repository_id = %s"
            " and not exists (select from {} as new where {})"
        ).format(table, candidate, same),
        (repository_id,),
    )
    names = SQL(", ").join(map(Identifier, columns))
    others = [one for one in columns if one not in key]
    new = SQL(", ").join(Identifier("excluded", one) for one in others)
    old = SQL(", ").join(Identifier("old", one) for one in others)
    change = SQL("update set ({}) = row({}) where ({}) is distinct from ({})").format(
        SQL(", ").join(map(Identifier, others)), new, old, new
    )
    raw.execute(
        SQL(
            "insert into {} as old ({}) select {} from {} where repository_id = %s"
            " on conflict ({}) do {}"
        ).format(
            table, names, names, candidate, SQL(", ").join(map(Identifier, key)),
            change if others else SQL("nothing"),
        ),
        (repository_id,),
    )  # fmt: skip


def _prepare(connection: Connection, mart: str) -> None:
    """The published table has the columns of its candidate, its key and its comments. Where the key
    is another one, the rows that are held stand for something else: the mart begins anew.
    """
    raw = driver(connection)
    table, candidate = Identifier("marts", mart), Identifier("candidate", mart)
    key = _key(connection, "candidate", mart)
    if not key:
        raise ValueError(f"candidate.{mart} has no primary key")
    if key == _key(connection, "marts", mart):
        _reshape(connection, mart)
    else:
        raw.execute(SQL("drop table if exists {}").format(table))
        raw.execute(SQL("create table {} (like {} including indexes)").format(table, candidate))
    _document(connection, mart)


def _reshape(connection: Connection, mart: str) -> None:
    """A column of another type is cast; one that is new is null until its repository is analysed
    again.
    """
    raw = driver(connection)
    table = Identifier("marts", mart)
    wanted = _columns(connection, "candidate", mart)
    held = _columns(connection, "marts", mart)
    for name in held.keys() - wanted.keys():
        raw.execute(SQL("alter table {} drop column {}").format(table, Identifier(name)))
    for name, kind in wanted.items():
        # The type is text that PostgreSQL itself has written.
        if name not in held:
            column = SQL(f"{{}} {kind}").format(Identifier(name))
            raw.execute(SQL("alter table {} add column {}").format(table, column))
        elif held[name] != kind:
            change = SQL(f"{{0}} type {kind} using {{0}}::text::{kind}").format(Identifier(name))
            raw.execute(SQL("alter table {} alter column {}").format(table, change))


def _columns(connection: Connection, schema: str, table: str) -> dict[str, str]:
    """Name -> type, in order."""
    found = driver(connection).execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
        (f"{schema}.{table}",),
    )
    return dict(found)


def _key(connection: Connection, schema: str, mart: str) -> list[str]:
    """The columns of the mart's primary key, which its dbt contract declares."""
    found = driver(connection).execute(
        "select attname from pg_index join pg_attribute on attrelid = indrelid"
        " and attnum = any(indkey) where indrelid = to_regclass(%s) and indisprimary"
        " order by array_position(indkey::int2[], attnum)",
        (f"{schema}.{mart}",),
    )
    return [name for (name,) in found]


def _document(connection: Connection, mart: str) -> None:
    raw = driver(connection)
    described = raw.execute(
        "select objsubid, description from pg_description where objoid = to_regclass(%s)"
        " and classoid = 'pg_class'::regclass",
        (f"candidate.{mart}",),
    ).fetchall()
    by_position = dict(described)
    table = Identifier("marts", mart)
    raw.execute(SQL("comment on table {} is {}").format(table, by_position.get(0)))
    for position, name in enumerate(_columns(connection, "candidate", mart), 1):
        raw.execute(
            SQL("comment on column {}.{} is {}").format(
                table, Identifier(name), by_position.get(position)
            )
        )
