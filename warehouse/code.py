"""What was measured in the files of a repository: each content once, and what lies where."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb

from warehouse.engine import Connection, driver
from warehouse.tables import code as tables

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NO_LANGUAGE = ("text", "workflow", "manifest")
"""Kinds of contents that are no code."""
_RELEASES = """
select name, commit_sha, tagged_at from raw.git_tags
where repository_id = %s and deleted_at is null and name ~ '[0-9]' and tagged_at <= %s
order by tagged_at desc, name desc limit %s
"""
_MEASURED = """
select blob_id, kind, unmeasured, nloc, ccn, functions_count, health_score, ccn_1_to_5_nloc,
    ccn_6_to_10_nloc, ccn_11_to_25_nloc, ccn_above_25_nloc, outside_nloc, line_digests,
    (findings is not null) as is_linted,
    count_of.high, count_of.medium, count_of.low
from insights.code_blobs
cross join lateral (
    select count(*) filter (where one ->> 'severity' = 'high') as high,
        count(*) filter (where one ->> 'severity' = 'medium') as medium,
        count(*) filter (where one ->> 'severity' = 'low') as low
    from jsonb_array_elements(findings) as one
) as count_of
where repository_id = %(id)s and not kind = any(%(no_language)s) and (blob_id, kind) in (
    select * from unnest(%(blobs)s::text[], %(kinds)s::text[])
)
"""

_FILES_GONE = """
with gone as (
    delete from insights.code_files as held
    where repository_id = %(id)s and month = %(month)s and not exists (
        select from lying
        where lying.path = held.path and lying.blob_id = held.blob_id and lying.kind = held.kind
            and lying.is_test = held.is_test
    )
    returning *
)
insert into insights.code_files_history (
    repository_id, month, path, blob_id, kind, is_test, commit_sha, valid_from, valid_to
)
select repository_id, month, path, blob_id, kind, is_test, commit_sha, taken_at, %(at)s
from gone where taken_at < %(at)s
"""
_FILES_NEW = """
insert into insights.code_files (
    repository_id, month, path, blob_id, kind, is_test, commit_sha, taken_at
)
select %(id)s, %(month)s, path, blob_id, kind, is_test, %(commit)s, %(at)s from lying
on conflict (repository_id, month, path) do nothing
"""
_SNAPSHOT_STAMPS = """
select distinct commit_sha, engine, taken_on from insights.code_snapshots
where repository_id = %(id)s and every = %(every)s and snapshot = %(snapshot)s
"""
SNAPSHOT_COLUMNS = tuple(
    column.name for column in tables.code_snapshots.columns if column.name != "measured_at"
)
"""All but the time since when it is said."""
_SNAPSHOT_GONE = SQL("""
with gone as (
    delete from insights.code_snapshots
    where repository_id = %(id)s and every = %(every)s and snapshot = %(snapshot)s
    returning *
)
insert into insights.code_snapshots_history ({columns}, valid_from, valid_to)
select {columns}, measured_at, %(at)s from gone where measured_at < %(at)s
""").format(columns=SQL(", ").join(map(Identifier, SNAPSHOT_COLUMNS)))

Key = tuple[str, str]
"""The id of a content, and its kind."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Release:
    name: str
    commit_sha: str
    tagged_at: datetime


@dataclass(frozen=True, slots=True)
class Measured:
    """What snapshots are added up from; null where it was not measured."""

    blob_id: str
    kind: str
    unmeasured: str | None
    nloc: int | None
    ccn: int | None
    functions_count: int | None
    health_score: float | None
    ccn_1_to_5_nloc: int | None
    ccn_6_to_10_nloc: int | None
    ccn_11_to_25_nloc: int | None
    ccn_above_25_nloc: int | None
    outside_nloc: int | None
    line_digests: list[int]
    is_linted: bool
    high: int
    medium: int
    low: int

    @property
    def bands(self) -> tuple[int, int, int, int, int]:
        """Lines by the complexity of their functions, and outside of any."""
        return (
            self.ccn_1_to_5_nloc or 0, self.ccn_6_to_10_nloc or 0, self.ccn_11_to_25_nloc or 0,
            self.ccn_above_25_nloc or 0, self.outside_nloc or 0,
        )  # fmt: skip

    @property
    def counts(self) -> tuple[int, int, int] | None:
        """Findings by severity, the gravest first; null where nobody looked."""
        return (self.high, self.medium, self.low) if self.is_linted else None

    @property
    def digests(self) -> "NDArray[np.int64]":
        # The API asks for no lines, and loads no NumPy for them.
        import numpy as np  # noqa: PLC0415

        return np.array(self.line_digests, np.int64)


def releases(
    connection: Connection, repository_id: int, *, until: datetime, limit: int
) -> list[Release]:
    """The newest tags that look like versions."""
    cursor = driver(connection).cursor(row_factory=class_row(Release))
    return cursor.execute(_RELEASES.encode(), (repository_id, until, limit)).fetchall()


def known(
    connection: Connection, repository_id: int, keys: Collection[Key], *, engine: str
) -> set[Key]:
    """Those that this engine has measured."""
    found = driver(connection).execute(
        "select blob_id, kind from insights.code_blobs"
        " where repository_id = %s and engine = %s and (blob_id, kind) in"
        " (select * from unnest(%s::text[], %s::text[]))",
        (repository_id, engine, *_columns(keys)),
    )
    return set(found)


def measured(
    connection: Connection, repository_id: int, keys: Collection[Key]
) -> Iterator[Measured]:
    """Those of a language, as they are consumed, and so within the transaction."""
    blobs, kinds = _columns(keys)
    with driver(connection).cursor("code_blobs", row_factory=class_row(Measured)) as cursor:
        cursor.itersize = 200
        cursor.execute(
            _MEASURED.encode(),
            {
                "id": repository_id,
                "blobs": blobs,
                "kinds": kinds,
                "no_language": list(NO_LANGUAGE),
            },
        )
        yield from cursor


def store(connection: Connection, repository_id: int, rows: Iterable[Row]) -> None:
    """Contents as they were measured; what another engine has said of them is replaced."""
    for row in rows:
        _put(connection, "code_blobs", ("blob_id", "kind"), {"repository_id": repository_id, **row})


def last_looked_at(connection: Connection, repository_id: int, month: date) -> str | None:
    """The commit whose files are those of the month; null where nobody has looked in it."""
    found: tuple[str] | None = (
        driver(connection)
        .execute(
            "select commit_sha from insights.code_looks where repository_id = %s and month = %s"
            " order by looked_at desc limit 1",
            (repository_id, month),
        )
        .fetchone()
    )
    return None if found is None else found[0]


def replace_files(
    connection: Connection, repository_id: int, month: date, rows: Iterable[Sequence[Any]], *,
    commit_sha: str, taken_at: datetime, at: datetime,
) -> None:  # fmt: skip
    """(path, content, kind, whether a test) of everything that lies there now. ``taken_at`` is what
    it is shown as, and ``at`` when it was looked; what lies otherwise since then goes to the
    history.
    """
    raw = driver(connection)
    raw.execute(
        "create temporary table lying (path text, blob_id text, kind text, is_test boolean)"
        " on commit drop"
    )
    with raw.cursor().copy("copy lying from stdin") as copy:
        for row in rows:
            copy.write_row(row)
    values = {"id": repository_id, "month": month, "commit": commit_sha, "at": at}
    raw.execute(_FILES_GONE, values)
    raw.execute(_FILES_NEW, values)
    raw.execute("drop table lying")
    raw.execute(
        "insert into insights.code_looks (repository_id, month, looked_at, taken_at, commit_sha)"
        " values (%s, %s, %s, %s, %s) on conflict (repository_id, month, looked_at) do update"
        " set taken_at = excluded.taken_at, commit_sha = excluded.commit_sha",
        (repository_id, month, at, taken_at, commit_sha),
    )


def snapshots(
    connection: Connection, repository_id: int, every: str, *, engine: str
) -> set[tuple[str, str]]:
    """Those that this engine has made: name and commit."""
    return set(
        driver(connection).execute(
            "select distinct snapshot, commit_sha from insights.code_snapshots"
            " where repository_id = %s and every = %s and engine = %s",
            (repository_id, every, engine),
        )
    )


def replace_snapshot(
    connection: Connection, repository_id: int, every: str, snapshot: str, rows: Sequence[Row], *,
    at: datetime,
) -> None:  # fmt: skip
    """One row for each language, as measured ``at``; what was said before goes to the history. The
    same engine says the same of the same commit: that is not written again.
    """
    raw = driver(connection)
    of_this = {"id": repository_id, "every": every, "snapshot": snapshot, "at": at}
    said = set(raw.execute(_SNAPSHOT_STAMPS, of_this))
    if said == {(row["commit_sha"], row["engine"], row["taken_on"]) for row in rows}:
        return
    raw.execute(_SNAPSHOT_GONE, of_this)
    named = {"repository_id": repository_id, "every": every, "snapshot": snapshot}
    for row in rows:
        _put(
            connection, "code_snapshots", ("every", "snapshot", "language"),
            {**named, **row, "measured_at": at},
        )  # fmt: skip


def _put(connection: Connection, table: str, key: Sequence[str], row: Row) -> None:
    others = [name for name in row if name not in {"repository_id", *key}]
    values = [
        Jsonb(value) if isinstance(value, list) and name != "line_digests" else value
        for name, value in row.items()
    ]
    driver(connection).execute(
        SQL(
            "insert into {} ({}) values ({}) on conflict (repository_id, {}) do update set {}"
        ).format(
            Identifier("insights", table), SQL(", ").join(map(Identifier, row)),
            SQL(", ").join(Placeholder() * len(row)), SQL(", ").join(map(Identifier, key)),
            SQL(", ").join(SQL("{0} = excluded.{0}").format(Identifier(one)) for one in others),
        ),
        values,
    )  # fmt: skip


def _columns(keys: Collection[Key]) -> tuple[list[str], list[str]]:
    return [blob for blob, _ in keys], [kind for _, kind in keys]
