"""A row of a repository in every table that there is, whatever its columns."""

from typing import Any

from psycopg.sql import SQL, Identifier

from tests.support.marts import make
from tests.support.rows import AT
from warehouse.engine import Connection, Engine, driver

_COLUMNS = """
select nspname, relname, array_agg(array[attname, format_type(atttypid, atttypmod),
    (attnotnull and not atthasdef and attidentity = '')::text] order by attnum)
from pg_attribute join pg_class as held on held.oid = attrelid
join pg_namespace as space on space.oid = relnamespace
where relkind = 'r' and attnum > 0 and not attisdropped and attgenerated = ''
    and nspname !~ '^(pg_|information_schema$)'
group by nspname, relname
having bool_or(attname = 'repository_id') and (nspname, relname) <> ('ops', 'removals')
order by 1, 2
"""
_VALUES = {
    "boolean": "false", "smallint": "1", "integer": "1", "bigint": "1", "numeric": "1",
    "double precision": "1", "text": "'x'", "uuid": "gen_random_uuid()", "date": "'2026-01-05'",
    "timestamp with time zone": f"'{AT}'", "jsonb": "'{}'", "bytea": "'x'", "text[]": "'{}'",
    "bigint[]": "'{}'", "date[]": "'{}'",
}  # fmt: skip
_TOLD = {
    ("ops", "jobs", "state"): "'succeeded'", ("ops", "repositories", "full_name"): "%(name)s",
    ("ops", "repositories", "github_id"): "%(id)s", ("ops", "notifications", "subject"): "%(name)s",
    ("ops", "repositories", "host"): "'https://api.github.com'",
}  # fmt: skip
_IN_MODELS = ("marts", "candidate", "staging", "bench1_candidate", "past_candidate", "new")
"""Schemas whose tables no migration makes, and one that nobody has told of."""


def fill(warehouse: Engine, repository_id: int) -> int:
    """How many tables have a row of it now."""
    with warehouse.begin() as connection:
        raw = driver(connection)
        tables = raw.execute(_COLUMNS).fetchall()
        for schema, table, columns in tables:
            wanted = {
                name: _TOLD.get((schema, table, name)) or _value(kind)
                for name, kind, is_needed in columns
                if is_needed == "true" or (schema, table, name) in _TOLD
            }
            wanted["repository_id"] = "%(id)s"
            raw.execute(
                SQL("insert into {} ({}) overriding system value values ({})").format(
                    Identifier(schema, table), SQL(", ").join(map(Identifier, wanted)),
                    SQL(", ").join(map(SQL, wanted.values())),
                ),
                {"id": repository_id, "name": f"octo/r{repository_id}"},
            )  # fmt: skip
    return len(tables)


def make_models(warehouse: Engine) -> None:
    """Tables of the models, one in parts among them."""
    with warehouse.begin() as connection:
        for schema in _IN_MODELS:
            make(connection, f"{schema}.figures", "repository_id bigint, remark text")
        raw = driver(connection)
        raw.execute(
            "create table new.parted (repository_id bigint, day int) partition by list (day)"
        )
        raw.execute("create table new.parted_1 partition of new.parted for values in (1)")
        raw.execute("alter table new.parted_1 alter day set default 1")


def everything(warehouse: Engine) -> dict[str, list[str]]:
    """Every row of every table as text, but for what tells of removals."""
    with warehouse.begin() as connection:
        return {table: _rows(connection, table) for table in _tables(connection)}


def of(warehouse: Engine, repository_id: int) -> dict[str, int]:
    """How many rows are of a repository, by table; those that have none are left out."""
    found = {}
    with warehouse.begin() as connection:
        for table in _tables(connection):
            count = sum(
                f'"repository_id": {repository_id},' in f"{line[:-1]},"
                for line in _rows(connection, table)
            )
            if count:
                found[table] = count
    return found


def _tables(connection: Connection) -> list[str]:
    found = driver(connection).execute(
        "select format('%I.%I', nspname, relname) from pg_class"
        " join pg_namespace on pg_namespace.oid = relnamespace"
        " where relkind = 'r' and nspname !~ '^(pg_|information_schema$)'"
        " and (nspname, relname) <> ('ops', 'removals') order by 1"
    )
    return [name for (name,) in found]


def _rows(connection: Connection, table: str) -> list[str]:
    found = driver(connection).execute(f"select to_jsonb(one)::text from {table} as one".encode())
    return sorted(line for (line,) in found)


def _value(kind: str) -> Any:
    return f"array_fill(0, array[384])::{kind}" if kind.startswith("halfvec") else _VALUES[kind]
