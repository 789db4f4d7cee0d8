"""Previews of merges that somebody has asked for over HTTP: rows that a worker answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from gitinsight.errors import NotFound
from warehouse.engine import Connection, driver

_COLUMNS = "preview_id, alias, person, asked_by, asked_at, done_at, moves, reason"
LOCK_KEY = 7_105_231
"""Held by the worker that makes one."""


@dataclass(frozen=True, slots=True)
class Preview:
    """``moves`` is null until it is ``done_at``, and where there is a ``reason`` why there is none:
    each names a metric, a repository, and the value before and after.
    """

    preview_id: int
    alias: str
    person: str
    asked_by: str
    asked_at: datetime
    done_at: datetime | None
    moves: list[dict[str, Any]] | None
    reason: str | None


def ask(connection: Connection, alias: str, person: str, *, by: str, at: datetime) -> Preview:
    """The one of these two that waits already, where there is one."""
    found = _several(
        connection,
        "where lower(alias) = lower(%(alias)s) and lower(person) = lower(%(person)s)"
        " and done_at is null",
        alias=alias, person=person,
    ) or _fetch(
        connection,
        "insert into ops.merge_previews (alias, person, asked_by, asked_at)"  # noqa: S608 - ours
        " values (%(alias)s, %(person)s, %(by)s, %(at)s) returning " + _COLUMNS,
        alias=alias, person=person, by=by, at=at,
    )  # fmt: skip
    return found[0]


def by_id(connection: Connection, preview_id: int) -> Preview:
    found = _several(connection, "where preview_id = %(id)s", id=preview_id)
    if not found:
        raise NotFound(f"preview {preview_id}")
    return found[0]


def waiting(connection: Connection) -> Preview | None:
    """The one that has waited longest."""
    found = _several(connection, "where done_at is null order by preview_id limit 1")
    return found[0] if found else None


def finish(
    connection: Connection, preview_id: int, *, moves: Sequence[dict[str, Any]] | None,
    reason: str | None, at: datetime,
) -> None:  # fmt: skip
    driver(connection).execute(
        "update ops.merge_previews set done_at = %s, moves = %s, reason = %s where preview_id = %s",
        (at, None if moves is None else Jsonb(list(moves)), reason, preview_id),
    )


def _several(connection: Connection, where: str, **values: object) -> list[Preview]:
    return _fetch(connection, f"select {_COLUMNS} from ops.merge_previews {where}", **values)  # noqa: S608 - ours


def _fetch(connection: Connection, statement: str, **values: object) -> list[Preview]:
    cursor = driver(connection).cursor(row_factory=class_row(Preview))
    return cursor.execute(statement.encode(), values).fetchall()
