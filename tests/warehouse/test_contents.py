"""What a database holds is told so that another one can be compared."""

import psycopg

from tests.support.rows import add_repository, queue
from warehouse.contents import (
    ROLES,
    Contents,
    contents,
    differences,
    ensure_roles,
    is_empty,
    snapshot,
)
from warehouse.engine import Engine


def test_every_table_is_counted_and_added_up(warehouse: Engine, database_url: str) -> None:
    queue(warehouse, add_repository(warehouse))

    found = contents(database_url)

    assert found.revision
    assert found.tables["ops.jobs"][0] == 1
    assert found.tables["ops.jobs"][1] != "0"
    assert found.tables["auth.users"] == (0, "0")
    assert not is_empty(database_url)


def test_a_snapshot_is_of_one_instant(warehouse: Engine, database_url: str) -> None:
    with snapshot(database_url) as seen, psycopg.connect(database_url) as other:
        add_repository(warehouse)
        other.execute("begin isolation level repeatable read")
        other.execute(f"set transaction snapshot '{seen.name}'")  # type: ignore[call-overload]
        held = other.execute("select count(*) from ops.repositories").fetchone()

    assert seen.contents.tables["ops.repositories"][0] == 0
    assert held == (0,)
    assert seen.server >= 18


def test_each_difference_is_a_line() -> None:
    one = Contents(
        "0002", {"a.same": (1, "7"), "a.fewer": (2, "7"), "a.other": (1, "7"), "a.gone": (1, "7")}
    )
    two = Contents(
        "0001", {"a.same": (1, "7"), "a.fewer": (1, "7"), "a.other": (1, "8"), "a.new": (1, "7")}
    )

    assert differences(one, one) == []
    assert differences(one, two) == [
        "revision 0001 instead of 0002",
        "a.fewer has 1 rows instead of 2",
        "a.gone is missing",
        "a.new is there and was not",
        "a.other has as many rows, and others",
    ]


def test_roles_that_are_there_are_left_alone(database_url: str) -> None:
    ensure_roles(database_url)

    with psycopg.connect(database_url) as connection:
        held = connection.execute(
            "select count(*) from pg_roles where rolname = any(%s)", ([*ROLES],)
        ).fetchone()
    assert held == (len(ROLES),)
