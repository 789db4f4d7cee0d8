"""Writes GitHub's records into the raw tables: new ones by COPY, changed ones with history.

A row that PostgreSQL refuses goes to quarantine, and the rest of its page is written.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Cursor, sql

from gitinsight.errors import first_line
from gitinsight.github.payloads import Actor, Kind, Page, Quarantined, Row, user_rows
from gitinsight.things.catalogue import NUMBERED
from gitinsight.things.thing import Thing
from warehouse import copying, quarantine
from warehouse.engine import UNFIT, Connection, at_once, driver
from warehouse.tables.shape import number_of

_COLUMNS = (
    "repository_id", "id", "payload", "content_hash", "source_updated_at",
    "source", "api_version", "sanitized", "extracted_at", "run_id",
)  # fmt: skip

_TYPES = (
    "int8", "int8", "bytea", "bytea", "timestamptz", "text", "text", "bool", "timestamptz", "uuid",
)  # fmt: skip
"""Of `_COLUMNS`; ``jsonb`` comes as the bytes that it is made of."""

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
    """``refused`` records are in quarantine; the ledger has to look at them again, too."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def touched(self) -> int:
        return self.new + self.changed + self.refused

    def __add__(self, other: "Written") -> "Written":
        return Written(
            self.new + other.new, self.changed + other.changed, self.unchanged + other.unchanged,
            self.refused + other.refused,
        )  # fmt: skip


def store(
    connection: Connection, thing: str, page: Page, *, origin: Origin, known: set[Actor]
) -> Written:
    """A page with the accounts that it names, and what could not be held of it."""
    actors = [actor for keys, _ in page for actor in keys.actors()]
    store_accounts(connection, actors, origin=origin, known=known)
    written = upsert(connection, thing, [row for _, row in page], origin=origin)
    quarantine.keep(
        connection, thing, page.kept, repository_id=origin.repository_id, source=origin.source,
        at=origin.at, job_id=origin.run_id,
    )  # fmt: skip
    return written + Written(refused=len(page.refused))


def store_accounts(
    connection: Connection, actors: Iterable[Actor], *, origin: Origin, known: set[Actor]
) -> None:
    """Those that are not among the ``known`` yet, which they are from then on. Lists that are read
    at once name the same accounts: whoever comes second waits for the first, in the order of ids.
    """
    named = set(actors) - known
    rows = {row.id: row for row in user_rows(named)}
    if rows:
        asked = _ask(connection, "users", origin.repository_id, rows)
        batch = _told_apart("users", rows, asked)
        _insert(connection, "users", batch.new, origin)
        if batch.changed:
            _replace(connection, "users", batch.changed, origin)
    known |= named


def upsert(connection: Connection, thing: str, rows: Sequence[Row], *, origin: Origin) -> Written:
    """Store ``rows``; an older payload never overwrites a newer one, equal ones write nothing."""
    return upsert_all(connection, {thing: rows}, origin=origin)


def upsert_all(
    connection: Connection, rows: Mapping[str, Sequence[Row]], *, origin: Origin
) -> Written:
    """The same for the rows of several things: what is held of them is one question."""
    latest = {thing: _latest(several) for thing, several in rows.items() if several}
    if not latest:
        return Written()
    with at_once(connection):
        asked = {
            thing: _ask(connection, thing, origin.repository_id, several)
            for thing, several in latest.items()
        }
        driver(connection).execute("savepoint upsert")
    batches = [_told_apart(thing, several, asked[thing]) for thing, several in latest.items()]
    try:
        written = [_write(connection, batch, origin, _whole) for batch in batches]
    except UNFIT:
        driver(connection).execute("rollback to savepoint upsert")
        written = [_write(connection, batch, origin, _sparing) for batch in batches]
    return sum(written, start=Written())


def mark_deleted(
    connection: Connection, thing: str, repository_id: int, ids: Collection[int], *, at: datetime,
    reason: str,
) -> int:  # fmt: skip
    """Tombstone records that GitHub no longer has; their payload stays."""
    cursor = driver(connection).execute(
        _sql(
            "update raw.{table} set deleted_at = %s, deleted_reason = %s"
            " where repository_id = %s and id = any(%s::bigint[]) and deleted_at is null",
            thing,
        ),
        (at, reason, repository_id, _array(ids)),
    )
    return cursor.rowcount


def mark_absent(
    connection: Connection, thing: str, present: Collection[int], *, origin: Origin
) -> int:
    """Tombstone what a complete listing no longer shows."""
    cursor = driver(connection).execute(
        _sql(
            "update raw.{table} set deleted_at = %s, deleted_reason = 'absent from a complete list'"
            " where repository_id = %s and deleted_at is null and not id = any(%s::bigint[])",
            thing,
        ),
        (origin.at, origin.repository_id, _array(present)),
    )
    return cursor.rowcount


def mark_absent_within(
    connection: Connection, shown: Mapping[Thing, Mapping[int, Collection[int]]], *, origin: Origin
) -> int:
    """Tombstone what issues or pull requests no longer show inside: by thing and number, the ids
    that are shown.
    """
    with at_once(connection):
        marked = [
            driver(connection).execute(
                _sql(
                    "update raw.{table} set deleted_at = %s,"
                    " deleted_reason = 'absent from what it was in'"
                    " where repository_id = %s and deleted_at is null"
                    " and {number} = any(%s::bigint[]) and not id = any(%s::bigint[])",
                    thing.name,
                    number_of(thing),
                ),
                (
                    origin.at, origin.repository_id, _array(within),
                    _array(chain.from_iterable(within.values())),
                ),
            )
            for thing, within in shown.items()
        ]  # fmt: skip
    return sum(one.rowcount for one in marked)


def mark_number_gone(
    connection: Connection, repository_id: int, number: int, *, at: datetime, reason: str
) -> int:
    """Tombstone an issue or pull request with everything that was said about it."""
    gone = 0
    for thing in NUMBERED:
        gone += (
            driver(connection)
            .execute(
                _sql(
                    "update raw.{table} set deleted_at = %s, deleted_reason = %s"
                    " where repository_id = %s and {number} = %s and deleted_at is null",
                    thing.name,
                    number_of(thing),
                ),
                (at, reason, repository_id, number),
            )
            .rowcount
        )
    return gone


_Write = Callable[[Connection, str, Sequence[Row], Origin], None]
_Through = Callable[[_Write, Connection, str, Sequence[Row], Origin], set[int]]
"""Has rows written, and gives the ids of those that were refused."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows of a thing beside what is held; ``waiting`` are the ids of those in quarantine."""

    thing: str
    new: Sequence[Row]
    changed: Sequence[Row]
    unchanged: int
    waiting: set[int]


@cache
def _sql(text: LiteralString, thing: str, number: str = "") -> bytes:
    """A statement about the rows of one thing, whose ``number`` is an expression of ours."""
    columns = [sql.Identifier(column) for column in _COLUMNS]
    changes = [sql.SQL("{} = %s").format(column) for column in columns[2:]]
    return (
        sql.SQL(text)
        .format(
            table=sql.Identifier(f"github_{thing}"),
            history=sql.Identifier(f"github_{thing}_history"),
            columns=sql.SQL(", ").join(columns), changes=sql.SQL(", ").join(changes),
            values=sql.SQL(", ").join([sql.Placeholder()] * len(columns)), number=sql.SQL(number),
        )
        .as_bytes()
    )  # fmt: skip


def _latest(rows: Sequence[Row]) -> dict[int, Row]:
    """A list that moves while it is read shows a record twice."""
    latest: dict[int, Row] = {}
    for row in rows:
        if row.id not in latest or not _is_older(row, latest[row.id].source_updated_at):
            latest[row.id] = row
    return latest


def _ask(
    connection: Connection, thing: str, repository_id: int, ids: Iterable[int]
) -> Cursor[tuple[Any, ...]]:
    """For `_told_apart`: what is held of ``ids``, and which of them wait in quarantine."""
    return driver(connection).execute(
        _sql(
            "select id, content_hash, source_updated_at, deleted_at is not null from raw.{table}"
            " where repository_id = %(repository)s and id = any(%(ids)s::bigint[])"
            " union all select id, null, null, null from ops.quarantine"
            " where repository_id = %(repository)s and thing = %(thing)s"
            " and id = any(%(ids)s::bigint[])"
            " and kind = 'record' and replayed_at is null",
            thing,
        ),
        {"repository": repository_id, "thing": thing, "ids": _array(ids)},
    )


def _told_apart(thing: str, rows: Mapping[int, Row], found: Cursor[tuple[Any, ...]]) -> _Batch:
    """In the order of ``rows``, in which they are locked."""
    held: dict[int, tuple[bytes, datetime | None, bool]] = {}
    waiting: set[int] = set()
    for identifier, digest, updated_at, is_deleted in found:
        if digest is None:
            waiting.add(identifier)
        else:
            held[identifier] = digest, updated_at, is_deleted
    new = [row for row in rows.values() if row.id not in held]
    changed = [row for row in rows.values() if row.id in held and _replaces(row, held[row.id])]
    return _Batch(thing, new, changed, len(rows) - len(new) - len(changed), waiting)


def _replaces(row: Row, held: tuple[bytes, datetime | None, bool]) -> bool:
    digest, updated_at, is_deleted = held
    return not _is_older(row, updated_at) and (is_deleted or row.content_hash != digest)


def _write(connection: Connection, batch: _Batch, origin: Origin, through: _Through) -> Written:
    refused = through(_copy, connection, batch.thing, batch.new, origin)
    refused_changes = through(_replace, connection, batch.thing, batch.changed, origin)
    refused |= refused_changes
    if accepted := batch.waiting - refused:
        quarantine.close(connection, batch.thing, origin.repository_id, accepted, at=origin.at)
    return Written(
        new=len(batch.new) - len(refused) + len(refused_changes),
        changed=len(batch.changed) - len(refused_changes),
        unchanged=batch.unchanged,
        refused=len(refused),
    )


def _is_older(row: Row, than: datetime | None) -> bool:
    return bool(row.source_updated_at and than and row.source_updated_at < than)


def _values(row: Row, payload: object, origin: Origin) -> tuple[object, ...]:
    return (
        origin.repository_id, row.id, payload, row.content_hash,
        row.source_updated_at, origin.source, origin.api_version, row.sanitized, origin.at,
        origin.run_id,
    )  # fmt: skip


def _whole(
    write: _Write, connection: Connection, thing: str, rows: Sequence[Row], origin: Origin
) -> set[int]:
    """All of ``rows``, or an error of `UNFIT`, as nearly every page is."""
    if rows:
        write(connection, thing, rows, origin)
    return set()


def _sparing(
    write: _Write, connection: Connection, thing: str, rows: Sequence[Row], origin: Origin
) -> set[int]:
    """Write ``rows`` but for those that PostgreSQL refuses, found by halves; the ids of these."""
    if not rows:
        return set()
    try:
        with driver(connection).transaction():
            write(connection, thing, rows, origin)
    except UNFIT as error:
        if len(rows) > 1:
            middle = len(rows) // 2
            return _sparing(write, connection, thing, rows[:middle], origin) | _sparing(
                write, connection, thing, rows[middle:], origin
            )
        (row,) = rows
        quarantine.keep(
            connection,
            thing,
            [Quarantined(Kind.RECORD, row.id, row.payload, first_line(error))],
            repository_id=origin.repository_id,
            source=origin.source,
            source_updated_at=row.source_updated_at,
            at=origin.at,
            job_id=origin.run_id,
        )
        return {row.id}
    return set()


def _copy(connection: Connection, thing: str, rows: Sequence[Row], origin: Origin) -> None:
    statement = _sql("copy raw.{table} ({columns}) from stdin (format binary)", thing)
    with copying.binary(driver(connection), statement, _TYPES) as copy:
        for row in rows:
            copy.write_row(_values(row, copying.jsonb(row.payload), origin))


def _array(ids: Iterable[int]) -> str:
    """For ``%s::bigint[]``: a list is looked through by the driver number by number."""
    return f"{{{','.join(map(str, ids))}}}"


def _insert(connection: Connection, thing: str, rows: Sequence[Row], origin: Origin) -> None:
    """Row by row, where somebody else may write the same one at the same time."""
    driver(connection).cursor().executemany(
        _sql("insert into raw.{table} ({columns}) values ({values}) on conflict do nothing", thing),
        [_values(row, row.payload.decode(), origin) for row in rows],
    )  # fmt: skip


def _replace(connection: Connection, thing: str, rows: Sequence[Row], origin: Origin) -> None:
    raw = driver(connection)
    raw.execute(
        _sql(
            "insert into raw.{history} (repository_id, id, valid_from, valid_to, payload,"
            " content_hash, source_updated_at, source, run_id)"
            " select repository_id, id, extracted_at, coalesce(deleted_at, %s), payload,"
            " content_hash, source_updated_at, source, run_id"
            " from raw.{table} where repository_id = %s and id = any(%s::bigint[])"
            " on conflict do nothing",
            thing,
        ),
        (origin.at, origin.repository_id, _array(row.id for row in rows)),
    )
    raw.cursor().executemany(
        _sql(
            "update raw.{table} set {changes}, deleted_at = null, deleted_reason = null"
            " where repository_id = %s and id = %s",
            thing,
        ),
        [
            (*_values(row, row.payload.decode(), origin)[2:], origin.repository_id, row.id)
            for row in rows
        ],
    )
