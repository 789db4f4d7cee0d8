"""Rules that hold for every table that Alembic owns."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Table, UniqueConstraint

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


UNIQUE_BY_THEMSELVES = {
    "ops.job_events": "a job is known by its own id, and so are its events",
    "ops.figure_reports": "what somebody reported, by a number of its own",
    "ops.jobs": "a job is known by its own id, before anybody knows of which repository it is",
    "ops.notifications": "one queue of what people are told, of jobs and of the fleet",
    "ops.outbox": "one queue, in the order of all of them",
    "ops.quality_results": "checks of a job, by its id",
    "ops.quarantine": "refused records, some of no repository, by a number of their own",
    "ops.repositories": "where repositories get their ids",
    "ops.requests": "calls to GitHub, some about many repositories at once",
}
"""Tables with rows of repositories that stay on one node, and why."""


def test_what_is_unique_in_rows_of_a_repository_is_so_within_it() -> None:
    """Else the table cannot be distributed by ``repository_id``, as docs/scale.md says how."""
    found = {
        table.fullname
        for table in TABLES
        if "repository_id" in table.columns
        for names in _unique(table)
        if "repository_id" not in names
    }

    assert found == UNIQUE_BY_THEMSELVES.keys()
    assert not found & {table.fullname for table in OF_ONE_REPOSITORY}


def _unique(table: Table) -> Iterator[list[str]]:
    yield [column.name for column in table.primary_key.columns]
    for one in table.constraints:
        if isinstance(one, UniqueConstraint):
            yield [column.name for column in one.columns]
    for index in table.indexes:
        if index.unique:
            yield [str(column) for column in index.columns.keys()]  # noqa: SIM118 - no dict


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
