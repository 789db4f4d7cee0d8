"""What issues and pull requests mean, as vectors: which wait for one, and which are near another.

By pgvector where the column is of its type, else by NumPy over the bytes, piece by piece. Both look
at every vector that may be seen: what is near is exact, and a filter costs nothing.
"""

import heapq
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString

from psycopg import ServerCursor
from psycopg.rows import class_row

from warehouse.engine import Connection, driver
from warehouse.visibility import VISIBLE, Readable, parameter

Vector = Sequence[float]
Kind = Literal["issue", "pull_request"]
_ROWS_AT_ONCE = 5_000
_TEXT: LiteralString = "(payload ->> 'title') || E'\\n\\n' || coalesce(payload ->> 'body', '')"
_DIGEST: LiteralString = f"sha256(convert_to({_TEXT}, 'UTF8'))"
"""As the tones of texts have it: what was changed since is read again."""

_NUMBER: LiteralString = "(held.payload ->> 'number')::int"

_WAITING = f"""
select id, payload ->> 'title' as title, coalesce(payload ->> 'body', '') as body,
    payload ? 'pull_request' as is_pull_request, {_DIGEST} as digest
from raw.github_issues as held
where repository_id = %(repository_id)s and deleted_at is null and payload ->> 'title' is not null
    and not exists (
        select from insights.issue_vectors as known
        where known.repository_id = held.repository_id and known.id = held.id
            and known.model = %(model)s and known.text_digest = {_DIGEST}
    )
order by source_updated_at desc nulls last, id desc limit %(limit)s
"""  # noqa: S608 - ours
_OUTDATED = f"""
delete from insights.issue_vectors as known
where known.repository_id = %(repository_id)s and not exists (
    select from raw.github_issues as held
    where held.repository_id = known.repository_id and held.id = known.id
        and deleted_at is null and known.text_digest = {_DIGEST}
)
"""  # noqa: S608 - ours
_STORE = """
insert into insights.issue_vectors as held
    (repository_id, id, is_pull_request, text_digest, vector, model, embedded_at)
values (%s, %s, %s, %s, {value}, %s, %s)
on conflict (repository_id, id) do update set is_pull_request = excluded.is_pull_request,
    text_digest = excluded.text_digest, vector = excluded.vector, model = excluded.model,
    embedded_at = excluded.embedded_at
"""
_SEEN: LiteralString = f"""
from insights.issue_vectors as known
join ops.publications as shown using (repository_id)
join raw.github_issues as held using (repository_id, id)
where known.model = %(model)s and held.deleted_at is null and {VISIBLE}
    and (%(repository_id)s::bigint is null or repository_id = %(repository_id)s)
    and (%(kind)s::text is null or is_pull_request = (%(kind)s = 'pull_request'))
    and (%(state)s::text is null or held.payload ->> 'state' = %(state)s)
    and (
        %(author)s::text is null
        or lower(held.payload #>> '{{user,login}}') = lower(%(author)s)
    )
    and (
        %(label)s::text is null
        or exists (
            select from jsonb_path_query(held.payload, '$.labels[*].name') as label
            where lower(label #>> '{{}}') = lower(%(label)s)
        )
    )
    and (%(since)s::timestamptz is null or held.source_updated_at >= %(since)s)
    and (%(until)s::timestamptz is null or held.source_updated_at < %(until)s)
"""
_NEAREST = f"""
select repository_id, id, {_NUMBER} as number, 1 - (vector <=> %(vector)s::halfvec) as similarity
{_SEEN} order by vector <=> %(vector)s::halfvec, repository_id, id limit %(limit)s
"""
_EVERY = f"select repository_id, id, {_NUMBER}, vector {_SEEN}"
_COVERAGE = f"""
select count(*) as texts_count,
    count(known.id) filter (where known.model = %(model)s) as known_count
from raw.github_issues as held
join ops.publications as shown using (repository_id)
left join insights.issue_vectors as known using (repository_id, id)
where held.deleted_at is null and {VISIBLE}
    and (%(repository_id)s::bigint is null or repository_id = %(repository_id)s)
"""  # noqa: S608 - ours


@dataclass(frozen=True, slots=True)
class Waiting:
    id: int
    title: str
    body: str
    is_pull_request: bool
    digest: bytes


@dataclass(frozen=True, slots=True)
class Near:
    """``similarity`` is 1 where both mean the same, and about 0 where nothing is alike."""

    repository_id: int
    id: int
    number: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of how many issues and pull requests it is known what they mean."""

    texts_count: int
    known_count: int


@dataclass(frozen=True, slots=True)
class Among:
    """Where to look; filters that are null let everything pass that ``readable`` may see."""

    readable: Readable
    repository_id: int | None = None
    kind: Kind | None = None
    state: str | None = None
    author: str | None = None
    label: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def waiting(connection: Connection, repository_id: int, *, model: str, limit: int) -> list[Waiting]:
    """What has no vector of this model, or was changed since; what moved last comes first."""
    cursor = driver(connection).cursor(row_factory=class_row(Waiting))
    known = {"repository_id": repository_id, "model": model, "limit": limit}
    return cursor.execute(_WAITING.encode(), known).fetchall()


def drop_outdated(connection: Connection, repository_id: int) -> int:
    """Of what is gone, or says something else by now: it must not be found by what it said."""
    done = driver(connection).execute(_OUTDATED.encode(), {"repository_id": repository_id})
    return done.rowcount


def store(
    connection: Connection, repository_id: int, read: Sequence[Waiting],
    vectors: Sequence[Vector], *, model: str, at: datetime,
) -> None:  # fmt: skip
    is_native = _is_native(connection)
    statement = _STORE.format(value="%s::halfvec" if is_native else "%s")
    driver(connection).cursor().executemany(
        statement.encode(),
        [
            (
                repository_id, one.id, one.is_pull_request, one.digest,
                _written(vector) if is_native else struct.pack(f"<{len(vector)}e", *vector), model,
                at,
            )
            for one, vector in zip(read, vectors, strict=True)
        ],
    )  # fmt: skip


def nearest(
    connection: Connection, vector: Vector, among: Among, *, model: str, limit: int
) -> list[Near]:
    """The nearest first; of what is published, and may be seen."""
    known = _asked(among) | {"model": model, "limit": limit}
    if _is_native(connection):
        cursor = driver(connection).cursor(row_factory=class_row(Near))
        return cursor.execute(_NEAREST.encode(), known | {"vector": _written(vector)}).fetchall()
    with driver(connection).cursor("vectors", binary=True) as rows:
        rows.itersize = _ROWS_AT_ONCE
        rows.execute(_EVERY.encode(), known)
        return _scanned(rows, vector, limit)


def coverage(connection: Connection, among: Among, *, model: str) -> Coverage:
    """Of what is published and may be seen, in the repository that is asked for or in all."""
    cursor = driver(connection).cursor(row_factory=class_row(Coverage))
    found = cursor.execute(_COVERAGE.encode(), _asked(among) | {"model": model}).fetchone()
    return found or Coverage(0, 0)


def _scanned(rows: ServerCursor[Any], vector: Vector, limit: int) -> list[Near]:
    # Whoever has pgvector does not load NumPy for it.
    import numpy as np  # noqa: PLC0415

    asked = np.array(vector, dtype=np.float32)
    best: list[tuple[float, int, int, int]] = []
    while found := rows.fetchmany(_ROWS_AT_ONCE):
        held = np.frombuffer(b"".join(row[3] for row in found), "<f2").reshape(len(found), -1)
        similarities = (held.astype(np.float32) @ asked).tolist()
        told = (
            (one, -row[0], -row[1], row[2]) for one, row in zip(similarities, found, strict=True)
        )
        best = heapq.nlargest(limit, [*best, *told])
    return [Near(-owner, -id_, number, one) for one, owner, id_, number in best]


def _asked(among: Among) -> dict[str, Any]:
    return {
        "readable": parameter(among.readable), "repository_id": among.repository_id,
        "kind": among.kind, "state": among.state, "author": among.author, "label": among.label,
        "since": among.since, "until": among.until,
    }  # fmt: skip


def _is_native(connection: Connection) -> bool:
    found = driver(connection).execute(
        "select atttypid = to_regtype('halfvec') from pg_attribute"
        " where attrelid = 'insights.issue_vectors'::regclass and attname = 'vector'"
    )
    return bool((found.fetchone() or (False,))[0])


def _written(vector: Vector) -> str:
    """As pgvector reads it."""
    return "[" + ",".join(f"{one:.6g}" for one in vector) + "]"
