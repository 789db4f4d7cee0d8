"""Rules that hold for every table that Alembic owns."""

import pytest
from sqlalchemy import Table

from gitinsight.things.catalogue import THINGS
from tests.support.rows import fetch
from warehouse.engine import Engine
from warehouse.tables.catalogue import OWNED, metadata

TABLES = metadata.sorted_tables
OF_ALL_GITHUB = {"raw.gharchive_events"}
"""Most of their rows are of repositories that nobody follows."""
OF_ONE_REPOSITORY = [
    table
    for table in TABLES
    if table.schema in {"raw", "insights"} and table.fullname not in OF_ALL_GITHUB
]


def test_every_schema_has_tables() -> None:
    assert {table.schema for table in TABLES} == OWNED


def test_every_thing_has_its_raw_table() -> None:
    raw = {table.name for table in TABLES if table.schema == "raw"}

    assert {thing.table for thing in THINGS} <= raw


@pytest.mark.parametrize("table", OF_ONE_REPOSITORY, ids=str)
def test_the_key_of_what_belongs_to_a_repository_begins_with_it(table: Table) -> None:
    assert next(iter(table.primary_key.columns)).name == "repository_id"


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_every_table_and_column_says_what_it_is(table: Table) -> None:
    assert table.comment
    assert [column.name for column in table.columns if not column.comment] == []


def test_an_analyst_sees_the_comments_in_the_database(warehouse: Engine) -> None:
    with warehouse.connect() as connection:
        silent = fetch(
            connection,
            "select attrelid::regclass, attname from pg_attribute"
            " join pg_class on pg_class.oid = attrelid"
            " where relnamespace in ('raw'::regnamespace, 'insights'::regnamespace,"
            " 'ops'::regnamespace, 'auth'::regnamespace) and relkind = 'r'"
            " and relname <> 'alembic_version' and attnum > 0"
            " and col_description(attrelid, attnum) is null",
        )

    assert silent == []
