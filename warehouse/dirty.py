"""What has changed upstream and is to be read anew, key by key.

Whoever learns of a change marks it; an analysis takes what is ``due``, reads it from GitHub, and
clears it in the transaction that stores what was read. What is marked again meanwhile stays.

``thing`` is a name of ``gitinsight.things.catalogue``. ``key`` is what GitHub's API is asked for
one record with, as text: the number of an issue or a pull request (whose reviews come with it), the
id of a comment. It is ``ALL`` for what is only read as a list or from git: labels, milestones,
releases, workflow runs, the repository itself, commits, tags and branches.

``FIGURES`` is no thing that is read: somebody has said what is held means something else. It stays
marked until figures are published that were made after that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from warehouse.engine import Connection, driver

ALL = ""
FIGURES = "figures"
_COMMITTED = timedelta(seconds=5)
"""A job that starts right after a mark was made may not see it yet."""


@dataclass(frozen=True, slots=True)
class Mark:
    """``reason`` is what said last that it has changed, like "issues edited (webhook)"."""

    repository_id: int
    thing: str
    key: str
    reason: str
    marked_at: datetime


def mark(
    connection: Connection, repository_id: int, keys: Iterable[tuple[str, str]], *,
    reason: str, at: datetime,
) -> None:  # fmt: skip
    """Mark each (thing, key). One that is marked already is marked later than before, whatever the
    clock says, so that whoever reads it now does not clear it.
    """
    driver(connection).cursor().executemany(
        """
        insert into ops.dirty (repository_id, thing, key, reason, marked_at)
        values (%s, %s, %s, %s, %s)
        on conflict (repository_id, thing, key) do update
        set reason = excluded.reason,
            marked_at = greatest(excluded.marked_at, dirty.marked_at + interval '1 microsecond')
        """,
        [(repository_id, thing, key, reason, at) for thing, key in sorted(set(keys))],
    )


def mark_figures(
    connection: Connection, repository_ids: Iterable[int], *, reason: str, at: datetime
) -> None:
    """Let the figures of these repositories be made anew from what is held."""
    for one in repository_ids:
        mark(connection, one, [(FIGURES, ALL)], reason=reason, at=at)


def due(connection: Connection, repository_id: int, thing: str | None = None) -> list[Mark]:
    """What is marked of one thing or of all, the oldest first."""
    return (
        driver(connection)
        .cursor(row_factory=class_row(Mark))
        .execute(
            "select repository_id, thing, key, reason, marked_at from ops.dirty"
            " where repository_id = %(repository_id)s"
            " and (%(thing)s::text is null or thing = %(thing)s)"
            " order by marked_at, thing, key",
            {"repository_id": repository_id, "thing": thing},
        )
        .fetchall()
    )


def clear(connection: Connection, marks: Sequence[Mark]) -> int:
    """Forget what was read, but for what was marked again since ``due`` told of it; how many."""
    cursor = driver(connection).cursor()
    cursor.executemany(
        "delete from ops.dirty where repository_id = %s and thing = %s and key = %s"
        " and marked_at <= %s",
        [(one.repository_id, one.thing, one.key, one.marked_at) for one in marks],
    )
    return cursor.rowcount if marks else 0


def unattended(connection: Connection, *, before: datetime) -> list[int]:
    """Repositories in which something was marked ``before`` that no job was there to read: none
    is active, and none has started since. What a job has read and left marked is for the next one
    that somebody asks for. A job that only checks makes figures, and reads nothing.
    """
    found = driver(connection).execute(
        """
        select distinct dirty.repository_id
        from ops.dirty
        where dirty.marked_at <= %s
            and not exists (
                select from ops.removals where removals.repository_id = dirty.repository_id
            )
            and not exists (
                select from ops.jobs
                where jobs.repository_id = dirty.repository_id
                    and (jobs.state = 'running'
                        or (jobs.kind <> 'check' or dirty.thing = %s)
                            and (jobs.state = 'queued'
                                or coalesce(jobs.started_at, jobs.finished_at)
                                    >= dirty.marked_at + %s))
            )
        order by 1
        """,
        (before, FIGURES, _COMMITTED),
    )
    return [repository_id for (repository_id,) in found]
