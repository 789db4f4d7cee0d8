"""How far each thing has been read: moves in the transaction of the rows that it covers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from gitinsight.errors import LeaseLost
from warehouse.engine import Connection, driver


@dataclass(frozen=True, slots=True)
class Cursor:
    repository_id: int
    thing: str
    fence: int
    state: dict[str, Any]


def take(connection: Connection, repository_id: int, thing: str, *, at: datetime) -> Cursor:
    """Take the cursor over: whoever held it before can no longer commit a page."""
    found = (
        driver(connection)
        .execute(
            """
        insert into ops.cursors (repository_id, thing, shard, state, fence, updated_at)
        values (%s, %s, 0, '{}', 1, %s)
        on conflict (repository_id, thing, shard) do update set fence = ops.cursors.fence + 1
        returning fence, state
        """,
            (repository_id, thing, at),
        )
        .fetchone()
    )
    if found is None:
        raise LeaseLost(f"cursor {thing} of repository {repository_id}")
    return Cursor(repository_id, thing, found[0], found[1])


def move(
    connection: Connection, cursor: Cursor, state: dict[str, Any], *, at: datetime
) -> Callable[[], Cursor]:
    """Store the new position. It is one of several statements that are sent
    `warehouse.engine.at_once`: the cursor, or LeaseLost if it was taken over, and so a rollback of
    the page, is had by calling what comes back.
    """
    moved = driver(connection).execute(
        "update ops.cursors set state = %s, updated_at = %s"
        " where repository_id = %s and thing = %s and shard = 0 and fence = %s",
        (Jsonb(state), at, cursor.repository_id, cursor.thing, cursor.fence),
    )

    def result() -> Cursor:
        if moved.rowcount != 1:
            raise LeaseLost(f"cursor {cursor.thing} of repository {cursor.repository_id}")
        return Cursor(cursor.repository_id, cursor.thing, cursor.fence, state)

    return result


def forget(connection: Connection, repository_id: int, *, before: datetime) -> None:
    """Have everything read anew that was not read since ``before``. Twice is the same as once."""
    driver(connection).execute(
        "update ops.cursors set state = '{}', fence = fence + 1, updated_at = %s"
        " where repository_id = %s and updated_at < %s",
        (before, repository_id, before),
    )


def forget_thing(connection: Connection, repository_id: int, thing: str, *, at: datetime) -> None:
    """Have one thing read anew."""
    driver(connection).execute(
        "update ops.cursors set state = '{}', fence = fence + 1, updated_at = %s"
        " where repository_id = %s and thing = %s",
        (at, repository_id, thing),
    )


def last_looks(connection: Connection, repository_id: int) -> dict[str, datetime]:
    """When each thing was last looked at."""
    return dict(
        driver(connection).execute(
            "select thing, updated_at from ops.cursors where repository_id = %s", (repository_id,)
        )
    )


def states(connection: Connection, repository_id: int) -> dict[str, dict[str, Any]]:
    """Thing -> how far it has been read."""
    return dict(
        driver(connection).execute(
            "select thing, state from ops.cursors where repository_id = %s", (repository_id,)
        )
    )


def unswept(connection: Connection, *, before: datetime) -> list[int]:
    """Repositories that GitHub shows, some of which was read, and nothing asked for since
    ``before`` that it may have deleted without a word.
    """
    found = driver(connection).execute(
        """
        select cursors.repository_id from ops.cursors as cursors
        inner join ops.repositories as repositories using (repository_id)
        where cursors.thing = 'sweep' and repositories.state = 'active'
          and (cursors.state ->> 'swept_at')::timestamptz <= %s
        order by 1
        """,
        (before,),
    )
    return [repository_id for (repository_id,) in found]
