"""What was measured in the files of a repository: each content once, and what lies where."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb

from warehouse.engine import Connection, driver

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
    def digests(self) -> NDArray[np.int64]:
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


def replace_files(
    connection: Connection, repository_id: int, month: date, rows: Iterable[Sequence[Any]], *,
    commit_sha: str, at: datetime,
) -> None:  # fmt: skip
    """(path, content, kind, whether a test) of everything that lies there now."""
    raw = driver(connection)
    raw.execute(
        "delete from insights.code_files where repository_id = %s and month = %s",
        (repository_id, month),
    )
    with raw.cursor().copy(
        "copy insights.code_files (repository_id, month, path, blob_id, kind, is_test, commit_sha,"
        " taken_at) from stdin"
    ) as copy:
        for row in rows:
            copy.write_row((repository_id, month, *row, commit_sha, at))


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
    connection: Connection, repository_id: int, every: str, snapshot: str, rows: Iterable[Row]
) -> None:
    """One row for each language."""
    driver(connection).execute(
        "delete from insights.code_snapshots"
        " where repository_id = %s and every = %s and snapshot = %s",
        (repository_id, every, snapshot),
    )
    named = {"repository_id": repository_id, "every": every, "snapshot": snapshot}
    for row in rows:
        _put(connection, "code_snapshots", ("every", "snapshot", "language"), {**named, **row})


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
