"""What was removed stays away until somebody adds it again, and nothing new is written of it."""

import threading
from datetime import timedelta

import pytest

from gitinsight.errors import NotFound
from tests.support.rows import AT, HOST, add_repository
from tests.support.waiting import wait_for
from warehouse import removal, tombstones
from warehouse.engine import Engine
from warehouse.tombstones import Tombstone

GONE = Tombstone(7, HOST, 70, "octo/app", "https://github.test/octo/app.git", AT, "user:3")


def put(warehouse: Engine, tombstone: Tombstone = GONE) -> None:
    with warehouse.begin() as connection:
        tombstones.put(connection, tombstone)


def keeps_away(
    warehouse: Engine, github_id: int | None, full_name: str = "octo/app", *, host: str = HOST
) -> bool:
    with warehouse.begin() as connection:
        return tombstones.keeps_away(
            connection, host=host, github_id=github_id, full_name=full_name
        )


def lift(warehouse: Engine, github_id: int | None = 70, full_name: str = "octo/app") -> None:
    with warehouse.begin() as connection:
        tombstones.lift(connection, host=HOST, github_id=github_id, full_name=full_name, at=AT)


def test_it_is_known_by_its_number_under_any_name(warehouse: Engine) -> None:
    put(warehouse)

    assert keeps_away(warehouse, 70)
    assert keeps_away(warehouse, 70, "octo/renamed")
    assert not keeps_away(warehouse, 71), "another one has its name"
    assert not keeps_away(warehouse, 70, host="https://ghes.test/api/v3")


def test_where_there_is_no_number_the_name_counts(warehouse: Engine) -> None:
    put(warehouse, Tombstone(8, HOST, None, "Octo/Site", "x", AT, "admin"))

    assert keeps_away(warehouse, 80, "octo/site")
    assert keeps_away(warehouse, None, "octo/site")
    assert not keeps_away(warehouse, 80, "octo/app")


def test_once_lifted_it_keeps_nobody_away_and_is_erased_all_the_same(warehouse: Engine) -> None:
    put(warehouse)

    lift(warehouse)

    assert not keeps_away(warehouse, 70)
    with warehouse.begin() as connection:
        assert [one.repository_id for one in tombstones.pending(connection)] == [7]


def test_it_is_lifted_by_whoever_is_the_same_one_alone(warehouse: Engine) -> None:
    put(warehouse)

    lift(warehouse, 71)

    assert keeps_away(warehouse, 70)


def test_what_is_erased_is_told_with_its_rows(warehouse: Engine) -> None:
    put(warehouse)
    later = AT + timedelta(minutes=1)
    with warehouse.begin() as connection:
        assert tombstones.among(connection, [7, 8]) == set()
        for rows in (3, 4):
            tombstones.count(connection, 7, rows)
        done = tombstones.finish(connection, 7, at=later)
        again = tombstones.finish(connection, 7, at=later + timedelta(hours=1))

    assert (done.rows_count, done.erased_at) == (7, later)
    assert again == done, "it was erased when it was"
    with warehouse.begin() as connection:
        assert tombstones.pending(connection) == []
        assert tombstones.among(connection, [7, 8]) == {7}
        assert tombstones.recent(connection) == [done]
        assert tombstones.erased(connection, since=later) == [done]
        assert tombstones.erased(connection, since=later + timedelta(seconds=1)) == []
        assert tombstones.by_id(connection, 7) == done
        with pytest.raises(NotFound):
            tombstones.by_id(connection, 8)


def test_nobody_writes_of_what_was_removed(warehouse: Engine) -> None:
    put(warehouse)

    with warehouse.begin() as connection:
        tombstones.hold(connection, 99)
        with pytest.raises(NotFound):
            tombstones.hold(connection, 7)


def test_nobody_removes_what_somebody_writes_of(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    removing = threading.Thread(
        target=removal.begin, args=(warehouse, repository_id), kwargs={"by": "admin", "at": AT}
    )
    with warehouse.begin() as connection:
        tombstones.hold(connection, repository_id)
        removing.start()
        removing.join(0.3)
        is_waiting = removing.is_alive()
    wait_for(lambda: not removing.is_alive())

    assert is_waiting


def test_whoever_has_waited_for_a_removal_writes_nothing(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    refused: list[NotFound] = []

    def write() -> None:
        with warehouse.begin() as connection:
            try:
                tombstones.hold(connection, repository_id)
            except NotFound as error:
                refused.append(error)

    writing = threading.Thread(target=write)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            f"delete from ops.repositories where repository_id = {repository_id}"
        )
        tombstones.put(connection, Tombstone(repository_id, HOST, 1, "octo/app", "x", AT, "admin"))
        writing.start()
        writing.join(0.3)
    wait_for(lambda: not writing.is_alive())

    assert len(refused) == 1
