"""What the decoder or PostgreSQL refused, kept as bytes until it can be held after all."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import sql

from gitinsight.github.payloads import Kind, Quarantined
from warehouse.engine import Connection, driver

_OPEN = "replayed_at is null and kind <> 'original'"


@dataclass(frozen=True, slots=True)
class Entry:
    """One open row of ``ops.quarantine``, locked until the end of the transaction."""

    quarantine_id: int
    repository_id: int
    thing: str
    kind: Kind
    id: int | None
    raw: bytes
    source: str
    source_updated_at: datetime | None
    job_id: UUID


@dataclass(frozen=True, slots=True)
class Gap:
    """``missing`` records are held in no version, ``outdated`` ones in an older version."""

    missing: int = 0
    outdated: int = 0


def keep(
    connection: Connection, thing: str, entries: Iterable[Quarantined], *, repository_id: int,
    source: str, at: datetime, job_id: UUID, source_updated_at: datetime | None = None,
) -> None:  # fmt: skip
    """The same bytes are kept once, with the newest reason, and are open again."""
    entries = list(entries)
    if not entries:
        return
    driver(connection).cursor().executemany(
        """
        insert into ops.quarantine
            (repository_id, thing, kind, id, raw, error, source, source_updated_at, at, job_id)
        values (%s, %s, %s, %s, %b, %s, %s, %s, %s, %s)
        on conflict (repository_id, thing, kind, sha256(raw)) do update
        set error = excluded.error, at = excluded.at, job_id = excluded.job_id, replayed_at = null
        """,
        [
            (
                repository_id,
                thing,
                one.kind.value,
                one.id,
                one.raw,
                one.error,
                source,
                source_updated_at,
                at,
                job_id,
            )
            for one in entries
        ],
    )


def close(
    connection: Connection, thing: str, repository_id: int, ids: Collection[int], *, at: datetime
) -> None:
    """Records with these ids have been accepted."""
    driver(connection).execute(
        f"update ops.quarantine set replayed_at = %s where {_OPEN}"  # noqa: S608 - ours
        " and repository_id = %s and thing = %s and kind = 'record' and id = any(%s)",
        (at, repository_id, thing, list(ids)),
    )


def close_answers(connection: Connection, repository_id: int, *, at: datetime) -> None:
    """Everything has been read, so that in place of each broken answer there has been a whole."""
    driver(connection).execute(
        "update ops.quarantine set replayed_at = %s"
        " where repository_id = %s and kind = 'answer' and replayed_at is null",
        (at, repository_id),
    )


def close_one(connection: Connection, quarantine_id: int, *, at: datetime) -> None:
    driver(connection).execute(
        "update ops.quarantine set replayed_at = %s where quarantine_id = %s", (at, quarantine_id)
    )


def refuse_again(connection: Connection, quarantine_id: int, error: str) -> None:
    driver(connection).execute(
        "update ops.quarantine set error = %s, replayed_at = null where quarantine_id = %s",
        (error, quarantine_id),
    )


def waiting(
    connection: Connection, *, thing: str | None = None, repository_id: int | None = None
) -> list[tuple[int, int, str]]:
    """(quarantine id, repository id, thing) of what is refused, in the order in which it came."""
    return (
        driver(connection)
        .execute(
            f"select quarantine_id, repository_id, thing from ops.quarantine where {_OPEN}"  # noqa: S608 - ours
            " and (%(thing)s::text is null or thing = %(thing)s)"
            " and (%(repository)s::bigint is null or repository_id = %(repository)s)"
            " order by quarantine_id",
            {"thing": thing, "repository": repository_id},
        )
        .fetchall()
    )


def lock(connection: Connection, quarantine_id: int) -> Entry | None:
    """None where somebody else has dealt with it, or is about to."""
    found = (
        driver(connection)
        .execute(
            "select quarantine_id, repository_id, thing, kind, id, raw, source, source_updated_at,"  # noqa: S608 - ours
            f" job_id from ops.quarantine where {_OPEN} and quarantine_id = %s"
            " for update skip locked",
            (quarantine_id,),
        )
        .fetchone()
    )
    if found is None:
        return None
    identifier, repository_id, thing, kind, *rest = found
    return Entry(identifier, repository_id, thing, Kind(kind), *rest)


def gaps(connection: Connection, repository_id: int) -> dict[str, Gap]:
    """What the refused records make of the figures, thing by thing.

    The issue list shows pull requests, too: without its entry there a pull request is not read.
    """
    found: dict[str, Gap] = {}
    things = driver(connection).execute(
        f"select distinct thing from ops.quarantine where {_OPEN} and kind = 'record'"  # noqa: S608 - ours
        " and repository_id = %s",
        (repository_id,),
    )
    for (thing,) in things.fetchall():
        counted = driver(connection).execute(
            sql.SQL(
                """
                select
                    case when refused.is_pull then 'pull_requests' else %(thing)s end,
                    count(*) filter (where held.id is null),
                    count(*) filter (where held.id is not null)
                from (
                    select coalesce(id, -quarantine_id) as id,
                        bool_or(
                            thing = 'issues' and position('"pull_request":'::bytea in raw) > 0
                        ) as is_pull
                    from ops.quarantine
                    where repository_id = %(repository)s and thing = %(thing)s
                        and kind = 'record' and replayed_at is null
                    group by 1
                ) as refused
                left join raw.{} as held
                    on held.repository_id = %(repository)s and held.id = refused.id
                    and held.deleted_at is null
                group by 1
                """
            ).format(sql.Identifier(f"github_{thing}")),
            {"thing": thing, "repository": repository_id},
        )
        for name, missing, outdated in counted.fetchall():
            before = found.get(name, Gap())
            found[name] = Gap(before.missing + missing, before.outdated + outdated)
    return found


def has_news(connection: Connection, repository_id: int) -> bool:
    """Whether something was accepted that the published figures do not know of."""
    found = driver(connection).execute(
        "select exists (select from ops.quarantine as kept"
        " left join ops.publications as publication using (repository_id)"
        " where kept.repository_id = %s and kept.kind = 'record'"
        " and kept.replayed_at > coalesce(publication.published_at, '-infinity'))",
        (repository_id,),
    )
    return bool((found.fetchone() or (False,))[0])
