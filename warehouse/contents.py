"""What a database holds, so that another one can be compared with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import IsolationLevel, connect, sql

ROLES = ("gitinsight_analyst", "gitinsight_past_analyst")
"""They belong to the server: a dump of one database names them and does not have them."""
_SESSION = "-c timezone=UTC -c datestyle=ISO -c extra_float_digits=1 -c search_path=pg_catalog"
_TABLES = """
select nspname, relname
from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema')
    and nspname !~ '^pg_(toast|temp)'
    and not exists (
        select from pg_depend where objid = pg_class.oid and deptype = 'e'
    )
order by 1, 2
"""
# A sum does not depend on the order in which rows come, and a row that is there twice counts twice.
_HELD = "select count(*), coalesce(sum(hashtextextended(one::text, 0)), 0)::text from {} as one"


@dataclass(frozen=True, slots=True)
class Contents:
    """``tables``: schema.name -> (how many rows, a sum over all of each)."""

    revision: str | None
    tables: dict[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``name`` is what pg_dump is told to see the same; ``server`` the major version."""

    name: str
    server: int
    contents: Contents


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """Everything as of one instant, for as long as the block lasts; nobody waits for it."""
    with connect(url, options=_SESSION) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        exported = connection.execute("select pg_export_snapshot()").fetchone()
        assert exported is not None  # noqa: S101 - it has one row or fails
        tables = {}
        for schema, table in connection.execute(_TABLES).fetchall():
            held = connection.execute(sql.SQL(_HELD).format(sql.Identifier(schema, table)))
            tables[f"{schema}.{table}"] = held.fetchone() or (0, "0")
        revision = None
        if "ops.alembic_version" in tables:
            found = connection.execute("select version_num from ops.alembic_version").fetchone()
            revision = found[0] if found else None
        yield Snapshot(
            exported[0], connection.info.server_version // 10_000, Contents(revision, tables)
        )


def contents(url: str) -> Contents:
    with snapshot(url) as seen:
        return seen.contents


def is_empty(url: str) -> bool:
    with connect(url, options=_SESSION) as connection:
        return connection.execute(_TABLES).fetchone() is None


def differences(expected: Contents, found: Contents) -> list[str]:
    """One line for each table that is not the same; none where nothing differs."""
    told = []
    if expected.revision != found.revision:
        told.append(f"revision {found.revision} instead of {expected.revision}")
    for table in sorted(expected.tables.keys() | found.tables.keys()):
        wanted, held = expected.tables.get(table), found.tables.get(table)
        if wanted is None:
            told.append(f"{table} is there and was not")
        elif held is None:
            told.append(f"{table} is missing")
        elif wanted[0] != held[0]:
            told.append(f"{table} has {held[0]} rows instead of {wanted[0]}")
        elif wanted[1] != held[1]:
            told.append(f"{table} has as many rows, and others")
    return told


def ensure_roles(url: str) -> None:
    """Those that a dump names; where this user may not make roles, whoever may has to."""
    with connect(url, autocommit=True) as connection:
        held = connection.execute(
            "select rolname from pg_roles where rolname = any(%s)", [[*ROLES]]
        )
        for role in set(ROLES) - {name for (name,) in held.fetchall()}:
            name = sql.Identifier(role)
            connection.execute(sql.SQL("create role {} nologin").format(name))
            connection.execute(sql.SQL("alter role {} set statement_timeout = '60s'").format(name))
