"""Cursors: a position moves with its rows, and only in the hand that took it last."""

from datetime import timedelta
from uuid import UUID

import pytest

from gitinsight.errors import LeaseLost
from tests.support.rows import AT, payload_row, value
from warehouse import cursors, raw
from warehouse.cursors import Cursor
from warehouse.engine import Engine
from warehouse.raw import Origin

LATER = AT + timedelta(hours=1)


def take(warehouse: Engine, thing: str = "issues", repository_id: int = 1) -> Cursor:
    with warehouse.begin() as connection:
        return cursors.take(connection, repository_id, thing, at=AT)


def move(warehouse: Engine, cursor: Cursor, page: int) -> Cursor:
    with warehouse.begin() as connection:
        return cursors.move(connection, cursor, {"page": page}, at=LATER)()


def states(warehouse: Engine, repository_id: int = 1) -> dict[str, dict[str, int]]:
    with warehouse.connect() as connection:
        return cursors.states(connection, repository_id)


def test_a_thing_begins_at_nothing(warehouse: Engine) -> None:
    assert take(warehouse).state == {}


def test_a_position_is_where_the_next_one_goes_on(warehouse: Engine) -> None:
    moved = move(warehouse, take(warehouse), 3)

    assert moved.state == {"page": 3}
    assert take(warehouse).state == {"page": 3}


def test_it_moves_more_than_once_in_one_hand(warehouse: Engine) -> None:
    cursor = move(warehouse, take(warehouse), 1)

    move(warehouse, cursor, 2)

    assert states(warehouse) == {"issues": {"page": 2}}


def test_a_cursor_that_was_taken_over_commits_nothing(warehouse: Engine) -> None:
    stale = take(warehouse)
    fresh = take(warehouse)
    origin = Origin(1, "rest", "1", AT, UUID(int=1))

    def commit() -> None:
        with warehouse.begin() as connection:
            raw.upsert(connection, "issues", [payload_row(1)], origin=origin)
            cursors.move(connection, stale, {"page": 9}, at=LATER)()

    with pytest.raises(LeaseLost, match="cursor issues of repository 1"):
        commit()

    assert value(warehouse, "select count(*) from raw.github_issues") == 0
    assert move(warehouse, fresh, 1).state == {"page": 1}


def test_things_and_repositories_have_cursors_of_their_own(warehouse: Engine) -> None:
    first, second = take(warehouse), take(warehouse, "labels")
    take(warehouse, repository_id=2)

    move(warehouse, first, 1)
    move(warehouse, second, 2)

    assert states(warehouse) == {"issues": {"page": 1}, "labels": {"page": 2}}
    assert states(warehouse, 2) == {"issues": {}}


def test_taking_is_not_looking(warehouse: Engine) -> None:
    move(warehouse, take(warehouse), 1)
    take(warehouse)

    with warehouse.connect() as connection:
        assert cursors.last_looks(connection, 1) == {"issues": LATER}


def test_what_is_forgotten_is_read_anew_and_its_reader_has_lost_it(warehouse: Engine) -> None:
    held = move(warehouse, take(warehouse), 5)
    with warehouse.begin() as connection:
        cursors.forget(connection, 1, before=LATER + timedelta(seconds=1))

    assert states(warehouse) == {"issues": {}}
    with pytest.raises(LeaseLost):
        move(warehouse, held, 6)


def test_forgetting_twice_is_the_same_as_once(warehouse: Engine) -> None:
    """A full analysis that is tried again does not throw away what it has read already."""
    start = LATER + timedelta(seconds=1)
    move(warehouse, take(warehouse), 5)
    with warehouse.begin() as connection:
        cursors.forget(connection, 1, before=start)
    cursor = take(warehouse)
    with warehouse.begin() as connection:
        cursors.move(connection, cursor, {"page": 1}, at=start + timedelta(seconds=1))()
        cursors.forget(connection, 1, before=start)

    assert states(warehouse) == {"issues": {"page": 1}}


def test_only_this_repository_is_forgotten(warehouse: Engine) -> None:
    move(warehouse, take(warehouse, repository_id=2), 5)
    with warehouse.begin() as connection:
        cursors.forget(connection, 1, before=LATER + timedelta(days=1))

    assert states(warehouse, 2) == {"issues": {"page": 5}}
