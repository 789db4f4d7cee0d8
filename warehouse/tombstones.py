"""A tombstone for each repository that was removed: it is erased, and stays away.

The id of a repository is given once, so a tombstone tells for good that whatever has that id is
gone. Who adds the repository again gives it another id, and lifts the tombstone: what was held
under the old one is erased all the same.
"""
# ruff: noqa: S608 - the only thing put into SQL text is our own list of columns

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import class_row

from gitinsight.errors import NotFound
from warehouse.engine import Connection, driver

_COLUMNS: LiteralString = (
    "repository_id, host, github_id, full_name, clone_url, requested_at, requested_by, erased_at,"
    " rows_count, lifted_at"
)
_SAME: LiteralString = (
    "host = %(host)s and (github_id = %(github_id)s"
    " or ((github_id is null or %(github_id)s::bigint is null)"
    " and lower(full_name) = lower(%(name)s)))"
)
"""By GitHub's id; by the name where one of the two has none."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """``erased_at`` is null while something may be left, ``lifted_at`` while it stays away."""

    repository_id: int
    host: str
    github_id: int | None
    full_name: str
    clone_url: str
    requested_at: datetime
    requested_by: str
    erased_at: datetime | None = None
    rows_count: int | None = None
    lifted_at: datetime | None = None


def put(connection: Connection, tombstone: Tombstone) -> None:
    driver(connection).execute(
        "insert into ops.removals (repository_id, host, github_id, full_name, clone_url,"
        " requested_at, requested_by) values (%s, %s, %s, %s, %s, %s, %s)",
        (
            tombstone.repository_id, tombstone.host, tombstone.github_id, tombstone.full_name,
            tombstone.clone_url, tombstone.requested_at, tombstone.requested_by,
        ),
    )  # fmt: skip


def by_id(connection: Connection, repository_id: int) -> Tombstone:
    found = _all(connection, "where repository_id = %(id)s", id=repository_id)
    if not found:
        raise NotFound(f"a removal of repository {repository_id}")
    return found[0]


def pending(connection: Connection) -> list[Tombstone]:
    """Those of which something may be left, the oldest first."""
    return _all(connection, "where erased_at is null order by requested_at, repository_id")


def erased(connection: Connection, *, since: datetime) -> list[Tombstone]:
    return _all(connection, "where erased_at >= %(since)s order by erased_at", since=since)


def recent(connection: Connection, *, limit: int = 50) -> list[Tombstone]:
    """The newest first."""
    return _all(
        connection, "order by requested_at desc, repository_id desc limit %(limit)s", limit=limit
    )


def among(connection: Connection, repository_ids: Collection[int]) -> frozenset[int]:
    """Those of them of which nothing is left."""
    found = driver(connection).execute(
        "select repository_id from ops.removals"
        " where repository_id = any(%s) and erased_at is not null",
        (list(repository_ids),),
    )
    return frozenset(repository_id for (repository_id,) in found)


def keeps_away(connection: Connection, *, host: str, github_id: int | None, full_name: str) -> bool:
    """Whether somebody has removed it, and nobody has added it since."""
    found = driver(connection).execute(
        f"select from ops.removals where lifted_at is null and {_SAME} limit 1",
        {"host": host, "github_id": github_id, "name": full_name},
    )
    return found.fetchone() is not None


def lift(
    connection: Connection, *, host: str, github_id: int | None, full_name: str, at: datetime
) -> None:
    """Somebody wants it again."""
    driver(connection).execute(
        f"update ops.removals set lifted_at = %(at)s where lifted_at is null and {_SAME}",
        {"host": host, "github_id": github_id, "name": full_name, "at": at},
    )


def hold(connection: Connection, repository_id: int) -> None:
    """NotFound where it was removed; else nobody removes it until the transaction ends, and so
    whatever is written of it until then is erased with it.
    """
    raw = driver(connection)
    values = (repository_id,)
    held = raw.execute(
        "select from ops.repositories where repository_id = %s for key share", values
    ).fetchone()
    if held is not None:
        return
    # Not in the same statement: one that had to wait would not see what it has waited for.
    gone = raw.execute("select from ops.removals where repository_id = %s", values).fetchone()
    if gone is not None:
        raise NotFound(f"repository {repository_id}")


def count(connection: Connection, repository_id: int, rows: int) -> None:
    """So many more rows of it are deleted, in this transaction."""
    driver(connection).execute(
        "update ops.removals set rows_count = coalesce(rows_count, 0) + %s"
        " where repository_id = %s",
        (rows, repository_id),
    )


def finish(connection: Connection, repository_id: int, *, at: datetime) -> Tombstone:
    """Nothing is left of it."""
    driver(connection).execute(
        "update ops.removals set erased_at = coalesce(erased_at, %s),"
        " rows_count = coalesce(rows_count, 0) where repository_id = %s",
        (at, repository_id),
    )
    return by_id(connection, repository_id)


def _all(connection: Connection, condition: LiteralString, **values: Any) -> list[Tombstone]:
    return driver(connection).cursor(row_factory=class_row(Tombstone)).execute(
        f"select {_COLUMNS} from ops.removals {condition}", values
    ).fetchall()  # fmt: skip
