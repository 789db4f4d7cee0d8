"""Records that a sweep did not find, until it is known whether they are gone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from gitinsight.things.thing import Thing
from warehouse.engine import Connection, driver
from warehouse.tables.shape import number_of


@dataclass(frozen=True, slots=True)
class Suspect:
    """``number`` is that of the issue or pull request which it is, or which it is about."""

    thing: str
    id: int
    number: int
    checks: int


def add(
    connection: Connection, repository_id: int, thing: str, ids: Collection[int], *, at: datetime
) -> None:
    driver(connection).cursor().executemany(
        "insert into ops.suspects (repository_id, thing, id, missed_at) values (%s, %s, %s, %s)"
        " on conflict do nothing",
        [(repository_id, thing, one, at) for one in ids],
    )


def due(
    connection: Connection, repository_id: int, things: Sequence[Thing], *, before: datetime
) -> list[Suspect]:
    """Those that were not asked about since ``before``, as far as they are held."""
    found: list[Suspect] = []
    for thing in things:
        rows = driver(connection).execute(
            sql.SQL(
                "select suspects.thing, suspects.id, {number}, suspects.checks"
                " from ops.suspects join raw.{table} as held using (repository_id, id)"
                " where suspects.repository_id = %s and suspects.thing = %s"
                " and held.deleted_at is null"
                " and (suspects.checked_at is null or suspects.checked_at < %s) order by 2"
            ).format(number=sql.SQL(number_of(thing)), table=sql.Identifier(thing.table)),
            (repository_id, thing.name, before),
        )
        found += [Suspect(*row) for row in rows]
    return found


def checked(connection: Connection, repository_id: int, suspect: Suspect, *, at: datetime) -> None:
    """GitHub did not show it, which proves nothing yet."""
    driver(connection).execute(
        "update ops.suspects set checks = checks + 1, checked_at = %s"
        " where repository_id = %s and thing = %s and id = %s",
        (at, repository_id, suspect.thing, suspect.id),
    )


def clear(connection: Connection, repository_id: int, suspect: Suspect) -> None:
    driver(connection).execute(
        "delete from ops.suspects where repository_id = %s and thing = %s and id = %s",
        (repository_id, suspect.thing, suspect.id),
    )
