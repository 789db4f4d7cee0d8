"""Writes GitHub's records into the raw tables: new ones by COPY, changed ones with history.

A row that PostgreSQL refuses goes to quarantine, and the rest of its page is written.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import DataError, sql
from psycopg.errors import ProgramLimitExceeded, StatementTooComplex

from gitinsight.errors import first_line
from gitinsight.github.payloads import Kind, Page, Quarantined, Row, user_rows
from gitinsight.things.catalogue import GITHUB_THINGS
from gitinsight.things.thing import Thing
from warehouse import quarantine
from warehouse.engine import Connection, driver
from warehouse.tables.shape import number_of

_COLUMNS = (
    "repository_id", "id", "payload", "content_hash", "source_updated_at",
    "source", "api_version", "sanitized", "extracted_at", "run_id",
)  # fmt: skip

_NUMBERED = tuple(thing for thing in GITHUB_THINGS if thing.number)
"""Those that are about an issue, a pull request or a discussion."""

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


_REFUSALS = (DataError, ProgramLimitExceeded, StatementTooComplex)
"""What PostgreSQL says of a value that it cannot hold; anything else is no fault of the row."""


def store(connection: Connection, thing: str, page: Page, *, origin: Origin) -> Written:
    """A page with the accounts that it names, and what could not be held of it."""
    actors = [actor for keys, _ in page for actor in keys.actors()]
    upsert(connection, "users", user_rows(actors), origin=origin)
    written = upsert(connection, thing, [row for _, row in page], origin=origin)
    quarantine.keep(
        connection, thing, page.kept, repository_id=origin.repository_id, source=origin.source,
        at=origin.at, job_id=origin.run_id,
    )  # fmt: skip
    return written + Written(refused=len(page.refused))


def upsert(connection: Connection, thing: str, rows: Sequence[Row], *, origin: Origin) -> Written:
    """Store ``rows``; an older payload never overwrites a newer one, equal ones write nothing."""
    latest: dict[int, Row] = {}
    for row in rows:  # a list that moves while it is read shows a record twice
        if row.id not in latest or not _is_older(row, latest[row.id].source_updated_at):
            latest[row.id] = row
    if not latest:
        return Written()
    held, waiting = _held(connection, thing, origin.repository_id, list(latest))
    new = [row for row in latest.values() if row.id not in held]
    changed = [row for row in latest.values() if row.id in held and _replaces(row, held[row.id])]
    refused = _sparing(_copy, connection, thing, new, origin)
    refused_changes = _sparing(_replace, connection, thing, changed, origin)
    refused |= refused_changes
    if accepted := waiting - refused:
        quarantine.close(connection, thing, origin.repository_id, accepted, at=origin.at)
    return Written(
        new=len(new) - len(refused) + len(refused_changes),
        changed=len(changed) - len(refused_changes),
        unchanged=len(latest) - len(new) - len(changed),
        refused=len(refused),
    )


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


def mark_absent_within(
    connection: Connection, thing: Thing, *, numbers: Collection[int], present: Collection[int],
    origin: Origin,
) -> int:  # fmt: skip
    """Tombstone what issues or pull requests of these numbers no longer show inside."""
    cursor = driver(connection).execute(
        sql.SQL(
            "update raw.{} set deleted_at = %s, deleted_reason = 'absent from what it was in'"
            " where repository_id = %s and deleted_at is null and {} = any(%s)"
            " and not id = any(%s)"
        ).format(_table(thing.name), sql.SQL(number_of(thing))),
        (origin.at, origin.repository_id, list(numbers), list(present)),
    )
    return cursor.rowcount


def has_lost(connection: Connection, repository_id: int, *, since: datetime) -> bool:
    """Whether a webhook told of a loss ``since`` then, which no analysis counts as read."""
    for thing in (
        *(thing.name for thing in _NUMBERED),
        "labels",
        "milestones",
        "releases",
        "repositories",
    ):
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
    connection: Connection,
    repository_id: int,
    *,
    again: Sequence[str],
    numbers: Collection[int] = (),
) -> list[tuple[int, str, datetime]]:
    """(number, node id, listed time of update) of pull requests whose listed state is newer than
    the one held, or whose held one came from a source in ``again``, a poorer one, and of those with
    one of ``numbers``.
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
                    or pull.source = any(%s)
                    or (issue.payload ->> 'number')::int = any(%s)
                    or (pull.source = 'graphql' and not pull.payload ? 'files'))
            order by 1
            """,
            (repository_id, list(again), list(numbers)),
        )
        .fetchall()
    )


def due_workflow_runs(
    connection: Connection, repository_id: int, *, since: datetime
) -> list[tuple[int, int]]:
    """(id, newest attempt) of runs that have ended, of whose newest attempt no job is held."""
    return (
        driver(connection)
        .execute(
            """
            select run.id, coalesce((run.payload ->> 'run_attempt')::int, 1)
            from raw.github_workflow_runs as run
            where run.repository_id = %(id)s
                and run.deleted_at is null
                and run.payload ->> 'status' = 'completed'
                and (run.payload ->> 'created_at')::timestamptz >= %(since)s
                and not exists (
                    select from raw.github_workflow_jobs as job
                    where job.repository_id = run.repository_id
                        and (job.payload ->> 'run_id')::bigint = run.id
                        and coalesce((job.payload ->> 'run_attempt')::int, 1)
                            >= coalesce((run.payload ->> 'run_attempt')::int, 1)
                )
            order by 1
            """,
            {"id": repository_id, "since": since},
        )
        .fetchall()
    )


def node_ids_after(
    connection: Connection, thing: str, repository_id: int, *, after: int, share: float
) -> list[tuple[int, str]]:
    """(id, node id) of a ``share`` of what is held, in the order of ids: those after ``after``, and
    on from the first one where there are no more.
    """
    return (
        driver(connection)
        .execute(
            sql.SQL(
                """
                with held as (
                    select id, payload ->> 'node_id' as node_id, count(*) over () as held_count
                    from raw.{}
                    where repository_id = %(id)s and deleted_at is null and payload ? 'node_id'
                )
                select id, node_id from held
                order by id <= %(after)s, id
                limit (select ceil(max(held_count) * %(share)s) from held)
                """
            ).format(_table(thing)),
            {"id": repository_id, "after": after, "share": share},
        )
        .fetchall()
    )


def held_times(
    connection: Connection, thing: str, repository_id: int, ids: Collection[int]
) -> dict[int, datetime | None]:
    """Of those that are held and not gone: when GitHub says that they were changed."""
    found = driver(connection).execute(
        sql.SQL(
            "select id, source_updated_at from raw.{}"
            " where repository_id = %s and id = any(%s) and deleted_at is null"
        ).format(_table(thing)),
        (repository_id, list(ids)),
    )
    return dict(found.fetchall())


def count_listed(connection: Connection, repository_id: int) -> int:
    """Issues and pull requests together, as the list of issues shows them."""
    found = driver(connection).execute(
        "select count(*) from raw.github_issues where repository_id = %s and deleted_at is null",
        (repository_id,),
    )
    return int(found.fetchall()[0][0])


def number_gaps(connection: Connection, repository_id: int) -> list[int]:
    """Numbers that no issue, pull request or discussion is held under, the newest first."""
    found = driver(connection).execute(
        """
        with used as (
            select (payload ->> 'number')::int as number from raw.github_issues
            where repository_id = %(id)s
            union
            select (payload ->> 'number')::int from raw.github_discussions
            where repository_id = %(id)s
        )
        select number from generate_series(1, (select max(number) from used)) as number
        where number not in (select used.number from used)
        order by number desc
        """,
        {"id": repository_id},
    )
    return [number for (number,) in found]


def uneven_conversations(connection: Connection, repository_id: int, *, limit: int) -> list[int]:
    """Numbers of issues and pull requests with another number of comments than are held."""
    found = driver(connection).execute(
        """
        with held as (
            select substring(payload ->> 'issue_url', '/([0-9]+)$')::int as number,
                count(*) as comments_count
            from raw.github_issue_comments
            where repository_id = %(id)s and deleted_at is null
            group by 1
        )
        select (issue.payload ->> 'number')::int
        from raw.github_issues as issue
        left join held on held.number = (issue.payload ->> 'number')::int
        where issue.repository_id = %(id)s and issue.deleted_at is null
            and (issue.payload ->> 'comments')::bigint <> coalesce(held.comments_count, 0)
        order by 1 desc
        limit %(limit)s
        """,
        {"id": repository_id, "limit": limit},
    )
    return [number for (number,) in found]


def uneven_parents(
    connection: Connection, parent: Thing, child: Thing, repository_id: int
) -> list[int]:
    """Numbers of records that say they have more or fewer of ``child`` inside than are held."""
    told = f"(held.payload -> '{child.connection}' ->> 'totalCount')::bigint"
    if child.most is not None:
        told = f"case when {told} > {child.most} then {child.most} else {told} end"
    found = driver(connection).execute(
        sql.SQL(
            """
            with inside as (
                select {child_number} as number, count(*) as records_count
                from raw.{child}
                where repository_id = %(id)s and deleted_at is null
                group by 1
            )
            select (held.payload ->> 'number')::int
            from raw.{parent} as held
            left join inside on inside.number = (held.payload ->> 'number')::int
            where held.repository_id = %(id)s and held.deleted_at is null
                and {told} <> coalesce(inside.records_count, 0)
            order by 1
            """
        ).format(
            child_number=sql.SQL(number_of(child)), child=_table(child.name),
            parent=_table(parent.name), told=sql.SQL(told),
        ),
        {"id": repository_id},
    )  # fmt: skip
    return [number for (number,) in found]


def mark_number_gone(
    connection: Connection, repository_id: int, number: int, *, at: datetime, reason: str
) -> int:
    """Tombstone an issue or pull request with everything that was said about it."""
    gone = 0
    for thing in _NUMBERED:
        gone += (
            driver(connection)
            .execute(
                sql.SQL(
                    "update raw.{} set deleted_at = %s, deleted_reason = %s"
                    " where repository_id = %s and {} = %s and deleted_at is null"
                ).format(_table(thing.name), sql.SQL(number_of(thing))),
                (at, reason, repository_id, number),
            )
            .rowcount
        )
    return gone


_Write = Callable[[Connection, str, Sequence[Row], Origin], None]


def _table(thing: str) -> sql.Identifier:
    return sql.Identifier(f"github_{thing}")


def _held(
    connection: Connection, thing: str, repository_id: int, ids: list[int]
) -> tuple[dict[int, tuple[bytes, datetime | None, bool]], set[int]]:
    """What is held of ``ids``, and which of them wait in quarantine: one question, not two."""
    found = driver(connection).execute(
        sql.SQL(
            "select id, content_hash, source_updated_at, deleted_at is not null from raw.{}"
            " where repository_id = %(repository)s and id = any(%(ids)s)"
            " union all select id, null, null, null from ops.quarantine"
            " where repository_id = %(repository)s and thing = %(thing)s and id = any(%(ids)s)"
            " and kind = 'record' and replayed_at is null"
        ).format(_table(thing)),
        {"repository": repository_id, "thing": thing, "ids": ids},
    )
    held: dict[int, tuple[bytes, datetime | None, bool]] = {}
    waiting: set[int] = set()
    for identifier, digest, updated, gone in found:
        if digest is None:
            waiting.add(identifier)
        else:
            held[identifier] = digest, updated, gone
    return held, waiting


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


def _sparing(
    write: _Write, connection: Connection, thing: str, rows: Sequence[Row], origin: Origin
) -> set[int]:
    """Write ``rows`` but for those that PostgreSQL refuses, found by halves; the ids of these."""
    if not rows:
        return set()
    try:
        with driver(connection).transaction():
            write(connection, thing, rows, origin)
    except _REFUSALS as error:
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
    statement = sql.SQL("copy raw.{} ({}) from stdin").format(
        _table(thing), sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
    )
    with driver(connection).cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(_values(row, origin))


def _replace(connection: Connection, thing: str, rows: Sequence[Row], origin: Origin) -> None:
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
