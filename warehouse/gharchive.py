"""Loads hours of GH Archive: all of an hour or nothing, and a second time nothing more."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from psycopg import Connection as DriverConnection
from psycopg import errors, sql
from psycopg.rows import class_row

from gitinsight.errors import BrokenArchive, first_line
from gitinsight.gharchive import hours
from gitinsight.gharchive.events import Event, Line, read
from gitinsight.gharchive.lines import gunzip, whole_lines
from gitinsight.gharchive.sources import Download
from warehouse.engine import Connection, driver

PATIENCE = timedelta(days=7)
"""An hour that no source has had for so long is taken to be absent."""

_COLUMNS = (
    "event_id", "created_at", "hour", "type", "github_repository_id", "repository_name",
    "actor_id", "actor_login", "organization_id", "organization_login", "sanitized", "payload",
)  # fmt: skip
_LISTED = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
_EVENTS, _STAGE = sql.Identifier("raw", "gharchive_events"), sql.Identifier("incoming")
_COPY = sql.SQL("copy {table} ({columns}) from stdin (format binary)")
_INCOMING = sql.SQL(
    "create temporary table if not exists incoming"
    " (like raw.gharchive_events including compression) on commit drop; truncate incoming"
)
_INSERT = sql.SQL(
    "insert into raw.gharchive_events ({columns}) select {columns} from incoming"
    " on conflict (event_id, created_at) do nothing"
).format(columns=_LISTED)
_UNFIT = (errors.DataError, errors.ProgramLimitExceeded, errors.StatementTooComplex)
_BATCH_BYTES = 4 * 2**20
"""What one COPY takes: few enough to be kept until PostgreSQL has taken them."""
_BLOCK_ROWS = 200

# Binary COPY costs the server a third less than text; measured by benchmarks/gharchive_hour.py.
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = struct.pack(">i", -1)
_HEAD = struct.Struct(">hiqiqiq")
_NUMBER = struct.Struct(">iq")
_LENGTH = struct.Struct(">i")
_PAYLOAD = struct.Struct(">ib")
_TRUE, _FALSE = struct.pack(">ib", 1, 1), struct.pack(">ib", 1, 0)
_JSONB_VERSION = 1
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ArchiveHour:
    """What is known of one hour."""

    hour: datetime
    state: str
    grade: str
    source: str | None
    size_bytes: int | None
    sha256: bytes | None
    events_count: int | None
    refused_count: int | None
    attempts: int
    error: str | None
    missing_since: datetime | None
    loaded_at: datetime | None


@dataclass(slots=True)
class _Counts:
    events: int = 0
    refused: int = 0
    new: int = 0


def find(connection: Connection, hour: datetime) -> ArchiveHour | None:
    with driver(connection).cursor(row_factory=class_row(ArchiveHour)) as cursor:
        cursor.execute("select * from ops.archive_hours where hour = %s", (hour,))
        return cursor.fetchone()


def load(
    connection: Connection, hour: datetime, download: Download, *, at: datetime
) -> tuple[ArchiveHour, int]:
    """Store an hour in the caller's transaction; and how many events are new.

    BrokenArchive where the file cannot be read to its end or nothing in it is an event: roll back.
    """
    raw = driver(connection)
    # Who loads the same hour at the same time waits, and then finds every event held.
    raw.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"gharchive {hour}",))
    raw.execute("delete from ops.archive_quarantine where hour = %s", (hour,))
    counts = _Counts()
    lines = read(whole_lines(gunzip(download)))
    while _copy_batch(raw, hour, lines, counts):
        pass
    if not counts.events:
        raise BrokenArchive("nothing in it is an event")
    with raw.cursor(row_factory=class_row(ArchiveHour)) as cursor:
        cursor.execute(
            """
            insert into ops.archive_hours as held
                (hour, state, grade, source, size_bytes, sha256, events_count, refused_count,
                 attempts, loaded_at)
            values (%s, 'loaded', %s, %s, %s, %s, %s, %s, 1, %s)
            on conflict (hour) do update
            set state = excluded.state, grade = excluded.grade, source = excluded.source,
                size_bytes = excluded.size_bytes, sha256 = excluded.sha256,
                events_count = excluded.events_count, refused_count = excluded.refused_count,
                attempts = held.attempts + 1, error = null, missing_since = null,
                loaded_at = excluded.loaded_at
            returning *
            """,
            (
                hour, hours.grade(hour), download.address, download.size_bytes, download.sha256,
                counts.events, counts.refused, at,
            ),
        )  # fmt: skip
        (loaded,) = cursor.fetchall()
    return loaded, counts.new


def record_failure(
    connection: Connection, hour: datetime, *, source: str, is_missing: bool, error: str,
    at: datetime,
) -> ArchiveHour:  # fmt: skip
    """An hour that could not be loaded; one that was loaded before stays so.

    Missing since PATIENCE ago is absent: no source will have it any more.
    """
    with driver(connection).cursor(row_factory=class_row(ArchiveHour)) as cursor:
        cursor.execute(
            """
            insert into ops.archive_hours as held
                (hour, state, grade, source, attempts, error, missing_since)
            values (%(hour)s, %(state)s, %(grade)s, %(source)s, 1, %(error)s, %(missing_since)s)
            on conflict (hour) do update
            set attempts = held.attempts + 1,
                error = excluded.error,
                source = case when held.state = 'loaded' then held.source else excluded.source end,
                missing_since = coalesce(held.missing_since, excluded.missing_since),
                state = case
                    when held.state = 'loaded' then 'loaded'
                    when excluded.state = 'missing' and held.missing_since <= %(given_up)s
                        then 'absent'
                    else excluded.state
                end
            returning *
            """,
            {
                "hour": hour, "state": "missing" if is_missing else "broken",
                "grade": hours.grade(hour), "source": source, "error": error,
                "missing_since": at if is_missing else None, "given_up": at - PATIENCE,
            },
        )  # fmt: skip
        (recorded,) = cursor.fetchall()
    return recorded


def _copy_batch(
    raw: DriverConnection[Any], hour: datetime, lines: Iterator[Line], counts: _Counts
) -> bool:
    """Copy the next lines while they are read; False where there were none."""
    events: list[Line] = []
    others: list[Line] = []
    try:
        with (
            raw.transaction(),
            raw.cursor().copy(_COPY.format(table=_EVENTS, columns=_LISTED)) as copy,
        ):
            for block in _blocks(lines, hour, events, others):
                copy.write(block)
    except (errors.UniqueViolation, *_UNFIT):
        new, unfit = _copy_new(raw, hour, events)
        others += unfit
    else:
        new, unfit = len(events), []
    counts.new += new
    counts.events += len(events) - len(unfit)
    counts.refused += sum(line.event is None for line in others)
    _put_aside(raw, hour, others)
    return bool(events or others)


def _blocks(
    lines: Iterator[Line], hour: datetime, events: list[Line], others: list[Line]
) -> Iterator[bytes]:
    """PostgreSQL's binary form of the next lines, which are sorted into the two lists."""
    rows = [_SIGNATURE]
    size = 0
    moment = _microseconds(hour)
    for line in lines:
        event = line.event
        if event is None:
            others.append(line)
        else:
            events.append(line)
            rows.append(_row(event, moment))
            if event.sanitized:
                others.append(line)
        size += len(line.raw)
        if len(rows) >= _BLOCK_ROWS:
            yield b"".join(rows)
            rows = []
        if size >= _BATCH_BYTES:
            break
    rows.append(_TRAILER)
    yield b"".join(rows)


def _copy_new(
    raw: DriverConnection[Any], hour: datetime, lines: Sequence[Line]
) -> tuple[int, list[Line]]:
    """Store what is not held yet, and how much that is; and what PostgreSQL has no room for:
    numbers without end, nesting without end.
    """
    moment = _microseconds(hour)
    rows = (_row(line.event, moment) for line in lines if line.event is not None)
    try:
        with raw.transaction():
            raw.execute(_INCOMING)
            with raw.cursor().copy(_COPY.format(table=_STAGE, columns=_LISTED)) as copy:
                copy.write(b"".join((_SIGNATURE, *rows, _TRAILER)))
            return raw.execute(_INSERT).rowcount, []
    except _UNFIT as error:
        if len(lines) == 1:
            return 0, [Line(lines[0].number, lines[0].raw, None, first_line(error))]
    half = len(lines) // 2
    first, others = (_copy_new(raw, hour, part) for part in (lines[:half], lines[half:]))
    return first[0] + others[0], [*first[1], *others[1]]


def _put_aside(raw: DriverConnection[Any], hour: datetime, lines: Iterable[Line]) -> None:
    raw.cursor().executemany(
        """
        insert into ops.archive_quarantine (hour, number, raw, error) values (%s, %s, %s, %s)
        on conflict (hour, number) do update set error = excluded.error
        """,
        [(hour, line.number, line.raw, line.error) for line in lines],
    )


def _row(event: Event, hour: int) -> bytes:
    """One row of _COLUMNS, as COPY has it."""
    payload = event.payload
    return b"".join(
        (
            _HEAD.pack(
                len(_COLUMNS), 8, event.event_id, 8, _microseconds(event.created_at), 8, hour
            ),
            _kind(event.type),
            _number(event.repository_id),
            _text(event.repository_name),
            _number(event.actor_id),
            _text(event.actor_login),
            _number(event.organization_id),
            _text(event.organization_login),
            _TRUE if event.sanitized else _FALSE,
            _NULL if payload is None else _PAYLOAD.pack(len(payload) + 1, _JSONB_VERSION),
            payload or b"",
        )
    )


def _number(number: int | None) -> bytes:
    return _NULL if number is None else _NUMBER.pack(8, number)


def _text(text: str | None) -> bytes:
    if text is None:
        return _NULL
    encoded = text.encode()
    return _LENGTH.pack(len(encoded)) + encoded


_kind = lru_cache(maxsize=256)(_text)
"""GitHub has some twenty types of events."""


@lru_cache(maxsize=4096)
def _microseconds(at: datetime) -> int:
    """As PostgreSQL counts them."""
    return (at - _EPOCH) // _MICROSECOND
