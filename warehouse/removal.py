"""Takes a repository out of every table that there is.

``begin`` is what a caller waits for: from then on nobody is shown anything of it, and nothing of it
is published. ``erase`` deletes what is held, as soon as no job works at it, and may be ended
anywhere: whoever erases next goes on. Tables come from PostgreSQL's own catalogue, so that none can
be forgotten.
"""
# ruff: noqa: S608 - the only thing put into SQL text is ours

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.sql import SQL, Identifier

from gitinsight import clock
from gitinsight.clock import Clock
from gitinsight.errors import LeaseLost, NotFound
from warehouse import jobs, run_links, tombstones
from warehouse.engine import CHANGED, Connection, Engine, driver, session_lock
from warehouse.jobs import Job
from warehouse.tombstones import Tombstone
from warehouse.visibility import VISIBLE, Readable, parameter

LOCK_KEY = 7_105_207
"""Of the one who erases: two at once would delete the same rows."""
BATCH_ROWS = 20_000
"""One transaction: a fifth of a second, so that nobody waits for it."""
_ARCHIVED_HOST = "https://api.github.com"
"""The one whose events GH Archive has: on another one the same number is another repository."""
_SHOWN = frozenset({"marts", "insights"})

_TABLES = """
select space.nspname, held.relname
from pg_class as held
join pg_namespace as space on space.oid = held.relnamespace
join pg_attribute as named on named.attrelid = held.oid
where held.relkind = 'r' and held.relpersistence <> 't'
    and named.attname = 'repository_id' and not named.attisdropped
    and space.nspname !~ '^(pg_|information_schema$)'
    and (space.nspname, held.relname) <> ('ops', 'removals')
order by space.nspname in ('marts', 'insights') desc, space.nspname = 'ops', held.relname = 'jobs',
    1, 2
"""
"""What is shown goes first, and the jobs last; parts of a table are tables of their own."""
_OWN: LiteralString = "repository_id = %(repository_id)s"
_FOLLOWED_NO_MORE: LiteralString = (
    "not exists (select from ops.repositories as other where other.github_id = %(github_id)s"
    " and other.repository_id <> %(repository_id)s)"
)
_ELSEWHERE: Mapping[tuple[str, str], LiteralString] = {
    ("raw", "gharchive_events"): "github_repository_id = %(github_id)s and %(is_archived)s and "
    f"{_FOLLOWED_NO_MORE}",
    ("ops", "webhook_deliveries"): f"github_id = %(github_id)s and {_FOLLOWED_NO_MORE}",
}
"""Tables that know it by GitHub's id alone. Where it is followed again they are the new one's."""
_OF_IT: LiteralString = (
    "moves @> jsonb_build_array(jsonb_build_object('repository_id', %(repository_id)s::bigint))"
)
_UNSAY: LiteralString = f"""
update ops.merge_previews set moves = (
    select coalesce(jsonb_agg(one order by place), '[]')
    from jsonb_array_elements(moves) with ordinality as told (one, place)
    where one -> 'repository_id' <> to_jsonb(%(repository_id)s::bigint)
)
where {_OF_IT}
"""
"""What a merge would change is one value of many repositories."""


@dataclass(frozen=True, slots=True)
class _Table:
    schema: str
    name: str
    condition: LiteralString = _OWN

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> Identifier:
        return Identifier(self.schema, self.name)


_PREVIEWS = _Table("ops", "merge_previews", _OF_IT)
"""They are not deleted but have it no more, see `_UNSAY`."""


def begin(
    engine: Engine, repository_id: int, *, by: str, at: datetime, readable: Readable = None
) -> Tombstone:
    """It is followed no more: its jobs are cancelled, and nothing is shown of it from now on.
    NotFound where there is none, or none that may be seen.
    """
    with engine.begin() as connection:
        tombstone = _found(connection, repository_id, by=by, at=at, readable=readable)
        tombstones.put(connection, tombstone)
        rows = _delete(connection, "jobs", repository_id, "state not in ('queued', 'running')")
        # A publication that is under way holds its job: it has ended by then, or meets the wish.
        for job in _open_jobs(connection, repository_id):
            jobs.request_cancel(connection, job.job_id, at=at)
        for table in ("publications", "repository_names", "repositories"):
            rows += _delete(connection, table, repository_id)
        tombstones.count(connection, repository_id, rows)
    for one in _tables(engine):
        if one.schema in _SHOWN:
            _empty(engine, one, tombstone)
    return tombstone


def erase(
    engine: Engine, tombstone: Tombstone, *, now: Clock = clock.now,
    stop: threading.Event | None = None, batch_rows: int = BATCH_ROWS,
) -> Tombstone | None:  # fmt: skip
    """Batch by batch, each a transaction, until a look at every table finds nothing. None where a
    job still works at it, or somebody said ``stop``: then there is more to do.
    """
    with session_lock(engine, LOCK_KEY):
        with engine.begin() as connection:
            if not _is_left_alone(connection, tombstone.repository_id, at=now()):
                return None
        is_clean = False
        while not is_clean:
            is_clean = not _unsay(engine, tombstone)
            for one in _tables(engine):
                if _empty(engine, one, tombstone, stop=stop, batch_rows=batch_rows):
                    is_clean = False
                if stop is not None and stop.is_set():
                    return None
        with engine.begin() as connection:
            return tombstones.finish(connection, tombstone.repository_id, at=now())


def met_again(engine: Engine, erased: Sequence[Tombstone]) -> list[Tombstone]:
    """Those of which something was written since: one look at each table for all of them, but for
    those that know it otherwise than by its number here.
    """
    found: set[int] = set()
    for table in (*_tables(engine), _PREVIEWS) if erased else ():
        with suppress(*CHANGED), engine.begin() as connection:
            found |= _met(connection, table, erased)
    return [one for one in erased if one.repository_id in found]


def _met(connection: Connection, table: _Table, erased: Sequence[Tombstone]) -> set[int]:
    raw = driver(connection)
    if table.condition is _OWN:
        ids = [one.repository_id for one in erased]
        held = SQL("select distinct repository_id from {} where repository_id = any(%s)")
        return {known for (known,) in raw.execute(held.format(table.identifier), (ids,))}
    any_of_it = SQL("select from {} where {} limit 1").format(
        table.identifier, SQL(table.condition)
    )
    return {one.repository_id for one in erased if raw.execute(any_of_it, _values(one)).rowcount}


def preview(engine: Engine, repository_id: int) -> dict[str, int]:
    """How many rows would go, by table; of those that have some. Of one that is removed already,
    what is left.
    """
    with engine.begin() as connection:
        try:
            tombstone = _found(connection, repository_id, by="", at=clock.now(), readable=None)
        except NotFound:
            tombstone = tombstones.by_id(connection, repository_id)
    found: dict[str, int] = {}
    for one in _tables(engine):
        counted = SQL("select count(*) from {} where {}").format(one.identifier, SQL(one.condition))
        with suppress(*CHANGED), engine.begin() as connection:
            for (count,) in driver(connection).execute(counted, _values(tombstone)):
                found[str(one)] = count
    return {name: count for name, count in found.items() if count}


def _found(
    connection: Connection, repository_id: int, *, by: str, at: datetime, readable: Readable
) -> Tombstone:
    """What will stand for it; nobody else changes or removes it until the transaction ends."""
    row = driver(connection).execute(
        "select host, github_id, full_name, clone_url from ops.repositories"
        f" where repository_id = %(id)s and {VISIBLE} for update",
        {"id": repository_id, "readable": parameter(readable)},
    ).fetchone()  # fmt: skip
    if row is None:
        raise NotFound(f"repository {repository_id}")
    host, github_id, full_name, clone_url = row
    return Tombstone(repository_id, host, github_id, full_name, clone_url, at, by)


def _delete(
    connection: Connection, table: str, repository_id: int, condition: LiteralString = "true"
) -> int:
    statement = SQL("delete from {} where repository_id = %s and {}").format(
        Identifier("ops", table), SQL(condition)
    )
    return driver(connection).execute(statement, (repository_id,)).rowcount


def _open_jobs(connection: Connection, repository_id: int) -> list[Job]:
    found = driver(connection).execute(
        "select job_id from ops.jobs where repository_id = %s and state in ('queued', 'running')",
        (repository_id,),
    )
    return [jobs.by_id(connection, job_id) for (job_id,) in found.fetchall()]


def _is_left_alone(connection: Connection, repository_id: int, *, at: datetime) -> bool:
    """Whether no job works at it any more. One that waits ends here, and one whose worker died
    when its lease has run out: should that worker live on, it can commit nothing.
    """
    is_left_alone = True
    for job in _open_jobs(connection, repository_id):
        if job.state == "queued" or job.is_leased(at=at):
            asked = jobs.request_cancel(connection, job.job_id, at=at)
            is_left_alone &= asked.state not in jobs.ACTIVE
            continue
        try:
            run_links.end_cancelled(connection, job, at=at, reason="its repository was removed")
        except LeaseLost:
            is_left_alone = False
    return is_left_alone


def _tables(engine: Engine) -> list[_Table]:
    with engine.begin() as connection:
        found = driver(connection).execute(_TABLES).fetchall()
    others = [_Table(*where, condition) for where, condition in _ELSEWHERE.items()]
    return [*others, *(_Table(*one) for one in found)]


def _empty(
    engine: Engine, table: _Table, tombstone: Tombstone, *, stop: threading.Event | None = None,
    batch_rows: int = BATCH_ROWS,
) -> int:  # fmt: skip
    """How many rows were deleted. A table that is no more, as those that models make are made anew,
    holds none.
    """
    statement = SQL(
        "delete from {0} where ctid = any(array(select ctid from {0} where {1} limit {2}))"
    ).format(table.identifier, SQL(table.condition), batch_rows)
    deleted, is_more = 0, True
    while is_more and not (stop is not None and stop.is_set()):
        is_more = False
        with suppress(*CHANGED), engine.begin() as connection:
            rows = driver(connection).execute(statement, _values(tombstone)).rowcount
            if rows:
                tombstones.count(connection, tombstone.repository_id, rows)
            is_more = rows == batch_rows
            deleted += rows
    return deleted


def _unsay(engine: Engine, tombstone: Tombstone) -> int:
    with engine.begin() as connection:
        return driver(connection).execute(_UNSAY, _values(tombstone)).rowcount


def _values(tombstone: Tombstone) -> dict[str, Any]:
    return {
        "repository_id": tombstone.repository_id, "github_id": tombstone.github_id,
        "is_archived": tombstone.host == _ARCHIVED_HOST,
    }  # fmt: skip
