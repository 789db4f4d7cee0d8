"""The one way into the schema ``marts``: checked rows of one repository, all tables at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.sql import SQL, Identifier, Literal
from psycopg.types.json import Jsonb

from gitinsight.errors import TransientError
from warehouse import hidden, insights, ledger
from warehouse.engine import Connection, driver
from warehouse.erasure import Changes
from warehouse.schemas import NOW, Schemas

LOCK_KEY = 7_105_202
"""Shared from transform to publish; alone by whoever must not meet an analysis."""
_FORM_KEY = 7_105_206
"""Of the columns of ``marts``: shared by publications, alone by whoever changes them."""


def publish(
    connection: Connection, repository_id: int, *, job_id: UUID, as_of: datetime, at: datetime,
    quality_status: str, rows: Mapping[str, Sequence[dict[str, Any]]], schemas: Schemas = NOW,
) -> int:  # fmt: skip
    """Move the candidate rows and the insights into what readers see, without the names of those
    who are hidden; the new publication. ``prepare`` comes first. TransientError where another
    version of the models was published in between.
    """
    raw = driver(connection)
    raw.execute("select pg_advisory_xact_lock_shared(%s)", (_FORM_KEY,))
    if _version(connection, schemas) not in {None, _comment(connection, "marts")}:
        raise TransientError("the tables of another version of the models are in marts")
    candidate = schemas.named("candidate")
    hidden.cover(connection, [candidate], Changes())
    for mart in candidates(connection, schemas):
        _move(connection, candidate, mart, repository_id)
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


def prepare(connection: Connection, schemas: Schemas = NOW) -> None:
    """Every published table has the columns of its candidate, its key and its comments. Nothing is
    done where ``marts`` is of the same version of the models already.
    """
    version = _version(connection, schemas)
    if version is not None and version == _comment(connection, "marts"):
        return
    raw = driver(connection)
    raw.execute("select pg_advisory_xact_lock(%s)", (_FORM_KEY,))
    candidate = schemas.named("candidate")
    for mart in candidates(connection, schemas):
        _prepare(connection, candidate, mart)
    raw.execute(SQL("comment on schema marts is {}").format(Literal(version)))


def _version(connection: Connection, schemas: Schemas) -> str | None:
    """Of the models that made the candidates; None where it is not known, as after `dbt build`."""
    return _comment(connection, schemas.named("candidate"))


def _comment(connection: Connection, schema: str) -> str | None:
    found = (
        driver(connection)
        .execute("select obj_description(to_regnamespace(%s), 'pg_namespace')", (schema,))
        .fetchone()
    )
    return found[0] if found else None


def held_as_of(connection: Connection, repository_id: int) -> datetime | None:
    """When all that is held was read last; what broke off since then is as of no instant."""
    found = (
        driver(connection)
        .execute(
            "select greatest((select as_of from ops.publications where repository_id = %(id)s),"
            " (select max(as_of) from ops.completeness where repository_id = %(id)s))",
            {"id": repository_id},
        )
        .fetchone()
    )
    return found[0] if found else None


def published_as_of(connection: Connection, repository_id: int) -> datetime | None:
    found = (
        driver(connection)
        .execute("select as_of from ops.publications where repository_id = %s", (repository_id,))
        .fetchone()
    )
    return found[0] if found else None


def candidates(connection: Connection, schemas: Schemas = NOW) -> list[str]:
    return _tables(connection, schemas.named("candidate"))


def published(connection: Connection) -> list[str]:
    return _tables(connection, "marts")


def _tables(connection: Connection, schema: str) -> list[str]:
    found = driver(connection).execute(
        "select table_name from information_schema.tables where table_schema = %s"
        " order by table_name",
        (schema,),
    )
    return [name for (name,) in found]


def _move(connection: Connection, schema: str, mart: str, repository_id: int) -> None:
    """Only what differs is written: rows that are gone are deleted, others by their key."""
    raw = driver(connection)
    candidate, table = Identifier(schema, mart), Identifier("marts", mart)
    columns = list(_columns(connection, schema, mart))
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


def _prepare(connection: Connection, schema: str, mart: str) -> None:
    """The published table has the columns of its candidate, its key and its comments. Where the key
    is another one, the rows that are held stand for something else: the mart begins anew.
    """
    raw = driver(connection)
    table, candidate = Identifier("marts", mart), Identifier(schema, mart)
    key = _key(connection, schema, mart)
    if not key:
        raise ValueError(f"{schema}.{mart} has no primary key")
    if key == _key(connection, "marts", mart):
        _reshape(connection, schema, mart)
    else:
        raw.execute(SQL("drop table if exists {}").format(table))
        raw.execute(SQL("create table {} (like {} including indexes)").format(table, candidate))
    _document(connection, schema, mart)


def _reshape(connection: Connection, schema: str, mart: str) -> None:
    """A column of another type is cast; one that is new is null until its repository is analysed
    again.
    """
    raw = driver(connection)
    table = Identifier("marts", mart)
    wanted = _columns(connection, schema, mart)
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


def _document(connection: Connection, schema: str, mart: str) -> None:
    raw = driver(connection)
    described = raw.execute(
        "select objsubid, description from pg_description where objoid = to_regclass(%s)"
        " and classoid = 'pg_class'::regclass",
        (f"{schema}.{mart}",),
    ).fetchall()
    by_position = dict(described)
    table = Identifier("marts", mart)
    raw.execute(SQL("comment on table {} is {}").format(table, by_position.get(0)))
    for position, name in enumerate(_columns(connection, schema, mart), 1):
        raw.execute(
            SQL("comment on column {}.{} is {}").format(
                table, Identifier(name), by_position.get(position)
            )
        )
