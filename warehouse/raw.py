"""Writes GitHub's records into the raw tables: new ones by COPY, changed ones with history."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import sql

from gitinsight.github.payloads import Row
from warehouse.engine import Connection, driver

_COLUMNS = (
    "repository_id", "id", "payload", "content_hash", "source_updated_at",
    "source", "api_version", "sanitized", "extracted_at", "run_id",
)  # fmt: skip

_NUMBERED: Mapping[str, sql.SQL] = {
    "issues": sql.SQL("(payload ->> 'number')::int"),
    "pull_requests": sql.SQL("(payload ->> 'number')::int"),
    "issue_comments": sql.SQL("substring(payload ->> 'issue_url' from '/([0-9]+)$')::int"),
    "reviews": sql.SQL("(payload ->> 'pullRequestNumber')::int"),
    "review_comments": sql.SQL("substring(payload ->> 'pull_request_url' from '/([0-9]+)$')::int"),
}
"""Where each of these has the number of the issue or pull request that it belongs to."""

DELETED = "deleted (webhook)"
TRANSFERRED = "transferred"
"""Reasons that GitHub gives by itself, without being asked."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a batch of rows comes from."""

    repository_id: int
    source: str
    api_version: str
    at: datetime
    run_id: UUID


@dataclass(frozen=True, slots=True)
class Written:
    new: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def touched(self) -> int:
        return self.new + self.changed

    def __add__(self, other: "Written") -> "Written":
        return Written(
            self.new + other.new, self.changed + other.changed, self.unchanged + other.unchanged
        )


def upsert(connection: Connection, thing: str, rows: Sequence[Row], *, origin: Origin) -> Written:
    """Store ``rows``; an older payload never overwrites a newer one, equal ones write nothing."""
    latest: dict[int, Row] = {}
    for row in rows:  # a list that moves while it is read shows a record twice
        if row.id not in latest or not _is_older(row, latest[row.id].source_updated_at):
            latest[row.id] = row
    if not latest:
        return Written()
    held = _held(connection, thing, origin.repository_id, list(latest))
    new = [row for row in latest.values() if row.id not in held]
    changed = [row for row in latest.values() if row.id in held and _replaces(row, held[row.id])]
    _copy(connection, thing, new, origin)
    _replace(connection, thing, changed, origin)
    return Written(len(new), len(changed), len(latest) - len(new) - len(changed))


def mark_deleted(
    connection: Connection,
    thing: str,
    repository_id: int,
    ids: Collection[int],
    *,
    at: datetime,
    reason: str,
) -> int:
    """Tombstone records that GitHub no longer has; their payload stays."""
    cursor = driver(connection).execute(
        sql.SQL(
            "update raw.{} set deleted_at = %s, deleted_reason = %s"
            " where repository_id = %s and id = any(%s) and deleted_at is null"
        ).format(_table(thing)),
        (at, reason, repository_id, list(ids)),
    )
    return cursor.rowcount


def mark_absent(
    connection: Connection, thing: str, present: Collection[int], *, origin: Origin
) -> int:
    """Tombstone what a complete listing no longer shows."""
    cursor = driver(connection).execute(
        sql.SQL(
            "update raw.{} set deleted_at = %s, deleted_reason = 'absent from a complete list'"
            " where repository_id = %s and deleted_at is null and not id = any(%s)"
        ).format(_table(thing)),
        (origin.at, origin.repository_id, list(present)),
    )
    return cursor.rowcount


def has_lost(connection: Connection, repository_id: int, *, since: datetime) -> bool:
    """Whether a webhook told of a loss ``since`` then, which no analysis counts as read."""
    for thing in (*_NUMBERED, "labels", "milestones", "releases", "repositories"):
        found = driver(connection).execute(
            sql.SQL(
                "select from raw.{} where repository_id = %s and deleted_at >= %s"
                " and deleted_reason = any(%s) limit 1"
            ).format(_table(thing)),
            (repository_id, since, [DELETED, TRANSFERRED]),
        )
        if found.fetchone() is not None:
            return True
    return False


def due_pull_requests(
    connection: Connection, repository_id: int, *, again: Sequence[str]
) -> list[tuple[int, str, datetime]]:
    """(number, node id, listed time of update) of pull requests whose listed state is newer than
    the one held, or whose held one came from a source in ``again``, a poorer one.
    """
    return (
        driver(connection)
        .execute(
            """
            select (issue.payload ->> 'number')::int, issue.payload ->> 'node_id',
                issue.source_updated_at
            from raw.github_issues as issue
            left join raw.github_pull_requests as pull
                on pull.repository_id = issue.repository_id
                and (pull.payload ->> 'number')::int = (issue.payload ->> 'number')::int
            where issue.repository_id = %s
                and issue.payload ? 'pull_request'
                and issue.deleted_at is null
                and (pull.id is null or pull.source_updated_at < issue.source_updated_at
                    or pull.source = any(%s))
            order by 1
            """,
            (repository_id, list(again)),
        )
        .fetchall()
    )


def mark_number_gone(
    connection: Connection, repository_id: int, number: int, *, at: datetime, reason: str
) -> int:
    """Tombstone an issue or pull request with everything that was said about it."""
    gone = 0
    for thing, numbered in _NUMBERED.items():
        gone += (
            driver(connection)
            .execute(
                sql.SQL(
                    "update raw.{} set deleted_at = %s, deleted_reason = %s"
                    " where repository_id = %s and {} = %s and deleted_at is null"
                ).format(_table(thing), numbered),
                (at, reason, repository_id, number),
            )
            .rowcount
        )
    return gone


def _table(thing: str) -> sql.Identifier:
    return sql.Identifier(f"github_{thing}")


def _held(
    connection: Connection, thing: str, repository_id: int, ids: list[int]
) -> dict[int, tuple[bytes, datetime | None, bool]]:
    found = driver(connection).execute(
        sql.SQL(
            "select id, content_hash, source_updated_at, deleted_at is not null from raw.{}"
            " where repository_id = %s and id = any(%s)"
        ).format(_table(thing)),
        (repository_id, ids),
    )
    return {identifier: (digest, updated, gone) for identifier, digest, updated, gone in found}


def _replaces(row: Row, held: tuple[bytes, datetime | None, bool]) -> bool:
    digest, updated_at, is_deleted = held
    return not _is_older(row, updated_at) and (is_deleted or row.content_hash != digest)


def _is_older(row: Row, than: datetime | None) -> bool:
    return bool(row.source_updated_at and than and row.source_updated_at < than)


def _values(row: Row, origin: Origin) -> tuple[object, ...]:
    return (
        origin.repository_id, row.id, row.payload.decode(), row.content_hash,
        row.source_updated_at, origin.source, origin.api_version, row.sanitized, origin.at,
        origin.run_id,
    )  # fmt: skip


def _copy(connection: Connection, thing: str, rows: Sequence[Row], origin: Origin) -> None:
    if not rows:
        return
    statement = sql.SQL("copy raw.{} ({}) from stdin").format(
        _table(thing), sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
    )
    with driver(connection).cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(_values(row, origin))


def _replace(connection: Connection, thing: str, rows: Sequence[Row], origin: Origin) -> None:
    if not rows:
        return
    raw = driver(connection)
    raw.execute(
        sql.SQL(
            "insert into raw.{} (repository_id, id, valid_from, valid_to, payload, content_hash,"
            " source_updated_at, source, run_id)"
            " select repository_id, id, extracted_at, %s, payload, content_hash,"
            " source_updated_at, source, run_id"
            " from raw.{} where repository_id = %s and id = any(%s)"
            " on conflict do nothing"
        ).format(sql.Identifier(f"github_{thing}_history"), _table(thing)),
        (origin.at, origin.repository_id, [row.id for row in rows]),
    )
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = %s").format(sql.Identifier(column)) for column in _COLUMNS[2:]
    )
    raw.cursor().executemany(
        sql.SQL(
            "update raw.{} set {}, deleted_at = null, deleted_reason = null"
            " where repository_id = %s and id = %s"
        ).format(_table(thing), assignments),
        [(*_values(row, origin)[2:], origin.repository_id, row.id) for row in rows],
    )
