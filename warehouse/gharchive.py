"""Loads hours of GH Archive: all of an hour or nothing, and a second time nothing more."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection as DriverConnection
from psycopg import Copy, errors, sql
from psycopg.rows import class_row

from gitinsight.errors import BrokenArchive, first_line
from gitinsight.gharchive import hours
from gitinsight.gharchive.events import Event, Line, read
from gitinsight.gharchive.lines import gunzip, whole_lines
from gitinsight.gharchive.sources import Download
from gitinsight.veil import Veil
from warehouse import copying, forgotten
from warehouse.engine import UNFIT, Connection, driver

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
_BATCH_BYTES = 4 * 2**20
"""What one COPY takes: few enough to be kept until PostgreSQL has taken them."""

# Straight into the table: a third less CPU than by way of a temporary one, which only what may be
# held already has to take.
_TYPES = (
    "int8", "timestamptz", "timestamptz", "text", "int8", "text",
    "int8", "text", "int8", "text", "bool", "bytea",
)  # fmt: skip


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
    veil = forgotten.load(connection)
    lines = (_veiled(line, veil) for line in read(whole_lines(gunzip(download))))
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


def _veiled(line: Line, veil: Veil) -> Line:
    """Without whoever was forgotten; its id stays that of the event as it came."""
    event = line.event
    if not veil:
        return line
    if event is not None:
        actor_id, actor_login = veil.account(event.actor_id, event.actor_login)
        name, payload = event.repository_name, event.payload
        event = msgspec.structs.replace(
            event, actor_id=actor_id, actor_login=actor_login,
            repository_name=name and veil.text(name, "full_name"),
            payload=payload and veil.json(payload),
        )  # fmt: skip
    return msgspec.structs.replace(line, raw=veil.json(line.raw), event=event)


def _copy_batch(
    raw: DriverConnection[Any], hour: datetime, lines: Iterator[Line], counts: _Counts
) -> bool:
    """Copy the next lines while they are read; False where there were none."""
    events: list[Line] = []
    others: list[Line] = []
    try:
        with raw.transaction(), _copying(raw, _EVENTS) as copy:
            for line in _batch(lines):
                if line.event is None or line.event.sanitized:
                    others.append(line)
                if line.event is not None:
                    events.append(line)
                    copy.write_row(_row(line.event, hour))
    except (errors.UniqueViolation, *UNFIT):
        new, unfit = _copy_new(raw, hour, events)
        others += unfit
    else:
        new, unfit = len(events), []
    counts.new += new
    counts.events += len(events) - len(unfit)
    counts.refused += sum(line.event is None for line in others)
    _put_aside(raw, hour, others)
    return bool(events or others)


def _copy_new(
    raw: DriverConnection[Any], hour: datetime, lines: Sequence[Line]
) -> tuple[int, list[Line]]:
    """Store what is not held yet, and how much that is; and what PostgreSQL has no room for:
    numbers without end, nesting without end.
    """
    try:
        with raw.transaction():
            raw.execute(_INCOMING)
            with _copying(raw, _STAGE) as copy:
                for line in lines:
                    if line.event is not None:
                        copy.write_row(_row(line.event, hour))
            return raw.execute(_INSERT).rowcount, []
    except UNFIT as error:
        if len(lines) == 1:
            return 0, [Line(lines[0].number, lines[0].raw, None, first_line(error))]
    half = len(lines) // 2
    first, others = (_copy_new(raw, hour, part) for part in (lines[:half], lines[half:]))
    return first[0] + others[0], [*first[1], *others[1]]


def _batch(lines: Iterator[Line]) -> Iterator[Line]:
    """The next of them, up to _BATCH_BYTES."""
    size = 0
    for line in lines:
        yield line
        size += len(line.raw)
        if size >= _BATCH_BYTES:
            return


def _copying(raw: DriverConnection[Any], table: sql.Identifier) -> AbstractContextManager[Copy]:
    return copying.binary(raw, _COPY.format(table=table, columns=_LISTED), _TYPES)


def _put_aside(raw: DriverConnection[Any], hour: datetime, lines: Iterable[Line]) -> None:
    raw.cursor().executemany(
        """
        insert into ops.archive_quarantine (hour, number, raw, error) values (%s, %s, %s, %s)
        on conflict (hour, number) do update set error = excluded.error
        """,
        [(hour, line.number, line.raw, line.error) for line in lines],
    )


def _row(event: Event, hour: datetime) -> tuple[object, ...]:
    """One row of _COLUMNS."""
    return (
        event.event_id, event.created_at, hour, event.type, event.repository_id,
        event.repository_name, event.actor_id, event.actor_login, event.organization_id,
        event.organization_login, event.sanitized,
        None if event.payload is None else copying.jsonb(event.payload),
    )  # fmt: skip
