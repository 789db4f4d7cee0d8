"""Questions to the raw tables: what is held, and what of it is missing or out of date."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple

from psycopg import sql

from gitinsight.things.catalogue import NUMBERED
from gitinsight.things.thing import Thing
from warehouse.engine import Connection, driver
from warehouse.raw import DELETED, TRANSFERRED
from warehouse.tables.shape import number_of


class LeftBehind(NamedTuple):
    """Records of ``thing`` are held, and the issue or pull request that they are about is not: it
    ``is_gone``, or nobody knows.
    """

    thing: Thing
    number: int
    is_gone: bool


def has_lost(connection: Connection, repository_id: int, *, since: datetime) -> bool:
    """Whether a webhook told of a loss ``since`` then, which no analysis counts as read."""
    for thing in (
        *(thing.name for thing in NUMBERED),
        "labels",
        "milestones",
        "releases",
        "repositories",
    ):
        found = driver(connection).execute(
            sql.SQL(
                "select from raw.{} where repository_id = %s and deleted_at >= %s"
                " and deleted_reason = any(%s) limit 1"
            ).format(sql.Identifier(f"github_{thing}")),
            (repository_id, since, [DELETED, TRANSFERRED]),
        )
        if found.fetchone() is not None:
            return True
    return False


_DUE_PULL_REQUESTS: LiteralString = """
    from raw.github_issues as issue
    left join raw.github_pull_requests as pull
        on pull.repository_id = issue.repository_id
        and (pull.payload ->> 'number')::int = (issue.payload ->> 'number')::int
    where issue.repository_id = %(id)s
        and issue.payload ? 'pull_request'
        and issue.deleted_at is null
        and (pull.id is null or pull.source_updated_at < issue.source_updated_at
            or pull.source = any(%(again)s)
            or (issue.payload ->> 'number')::int = any(%(numbers)s)
            or (pull.source = 'graphql' and not pull.payload ? 'files'))
"""


def due_pull_requests(
    connection: Connection, repository_id: int, *, again: Sequence[str],
    numbers: Collection[int] = (), among: Collection[int] | None = None, after: int = 0,
    limit: int | None = None,
) -> list[tuple[int, str, datetime]]:  # fmt: skip
    """(number, node id, listed time of update) of pull requests whose listed state is newer than
    the one held, or whose held one came from a source in ``again``, a poorer one, and of those with
    one of ``numbers``; by number, those beyond ``after``, or those ``among`` a few alone.
    """
    narrowed: LiteralString = "> %(after)s" if among is None else "= any(%(among)s::int[])"
    return (
        driver(connection)
        .execute(
            "select (issue.payload ->> 'number')::int, issue.payload ->> 'node_id',"
            f" issue.source_updated_at {_DUE_PULL_REQUESTS}"
            f" and (issue.payload ->> 'number')::int {narrowed} order by 1 limit %(limit)s",
            {
                "id": repository_id, "again": list(again), "numbers": list(numbers),
                "among": list(among or ()), "after": after, "limit": limit,
            },
        )
        .fetchall()
    )  # fmt: skip


def count_due_pull_requests(
    connection: Connection, repository_id: int, *, again: Sequence[str],
    numbers: Collection[int] = (),
) -> int:  # fmt: skip
    """How many these are."""
    found = (
        driver(connection)
        .execute(
            f"select count(*) {_DUE_PULL_REQUESTS}",
            {"id": repository_id, "again": list(again), "numbers": list(numbers)},
        )
        .fetchone()
    )
    return int(found[0]) if found else 0


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
            ).format(sql.Identifier(f"github_{thing}")),
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
        ).format(sql.Identifier(f"github_{thing}")),
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
    """Numbers that no issue, pull request or discussion is held under, the newest first. One that
    was taken for gone is a gap too: GitHub says whether it is.
    """
    found = driver(connection).execute(
        """
        with used as (
            select (payload ->> 'number')::int as number from raw.github_issues
            where repository_id = %(id)s and deleted_at is null
            union
            select (payload ->> 'number')::int from raw.github_discussions
            where repository_id = %(id)s and deleted_at is null
        )
        select number from generate_series(1, (select max(number) from used)) as number
        where number not in (select used.number from used)
        order by number desc
        """,
        {"id": repository_id},
    )
    return [number for (number,) in found]


def left_behind(
    connection: Connection, things: Iterable[Thing], repository_id: int
) -> list[LeftBehind]:
    """Issues and pull requests of which records of ``things`` are held although they themselves are
    not. Each number is looked up: to go through all issues costs more, and again for each thing.
    """
    several = list(things)
    named = sql.SQL(" union all ").join(
        sql.SQL(
            "select {place} as place, {number} as number from raw.{table}"
            " where repository_id = %(id)s and deleted_at is null group by 2"
        ).format(
            place=sql.Literal(place), number=sql.SQL(number_of(thing)),
            table=sql.Identifier(thing.table),
        )
        for place, thing in enumerate(several)
    )  # fmt: skip
    found = driver(connection).execute(
        sql.SQL(
            """
            select named.place, named.number, coalesce(issue.is_gone, false)
            from ({named}) as named
            left join lateral (
                select bool_and(deleted_at is not null) as is_gone
                from raw.github_issues
                where repository_id = %(id)s and (payload ->> 'number')::int = named.number
            ) as issue on true
            where named.number is not null and coalesce(issue.is_gone, true)
            order by 1, 2
            """
        ).format(named=named),
        {"id": repository_id},
    )
    return [LeftBehind(several[place], number, is_gone) for place, number, is_gone in found]


def ids_about(connection: Connection, thing: Thing, repository_id: int, number: int) -> list[int]:
    """Of what is held and about this issue or pull request."""
    found = driver(connection).execute(
        sql.SQL(
            "select id from raw.{} where repository_id = %s and {} = %s and deleted_at is null"
        ).format(sql.Identifier(thing.table), sql.SQL(number_of(thing))),
        (repository_id, number),
    )
    return [identifier for (identifier,) in found]


def uneven_conversations(connection: Connection, repository_id: int, *, limit: int) -> list[int]:
    """Numbers of issues and pull requests with another number of comments than are held."""
    found = driver(connection).execute(
        """
        select number
        from (
            select (payload ->> 'number')::int as number,
                (payload ->> 'comments')::bigint as told_count, 0 as held_count
            from raw.github_issues
            where repository_id = %(id)s and deleted_at is null
            union all
            select substring(payload ->> 'issue_url', '/([0-9]+)$')::int, null, count(*)
            from raw.github_issue_comments
            where repository_id = %(id)s and deleted_at is null
            group by 1
        ) as counted
        group by number
        having max(told_count) <> sum(held_count)
        order by 1 desc
        limit %(limit)s
        """,
        {"id": repository_id, "limit": limit},
    )
    return [number for (number,) in found]


def read_before_losses(
    connection: Connection, repository_id: int, numbers: Sequence[int]
) -> list[int]:
    """Those of these issues and pull requests that were read before a comment of theirs was found
    to be gone.
    """
    found = driver(connection).execute(
        """
        select number
        from (
            select (payload ->> 'number')::int as number, extracted_at
            from raw.github_issues
            where repository_id = %(id)s and deleted_at is null
                and (payload ->> 'number')::int = any(%(numbers)s)
        ) as issue
        join (
            select substring(payload ->> 'issue_url', '/([0-9]+)$')::int as number,
                max(deleted_at) as lost_at
            from raw.github_issue_comments
            where repository_id = %(id)s and deleted_at is not null
            group by 1
        ) as lost using (number)
        where extracted_at <= lost_at
        order by 1
        """,
        {"id": repository_id, "numbers": list(numbers)},
    )
    return [number for (number,) in found]


def uneven_parents(
    connection: Connection, parent: Thing, child: Thing, repository_id: int
) -> list[int]:
    """Numbers of records that say they have more or fewer of ``child`` inside than are held."""
    most = "null" if child.most is None else str(child.most)
    found = driver(connection).execute(
        sql.SQL(
            """
            select number
            from (
                select (payload ->> 'number')::int as number,
                    (payload -> {connection} ->> 'totalCount')::bigint as told_count,
                    0 as held_count
                from raw.{parent}
                where repository_id = %(id)s and deleted_at is null
                union all
                select {child_number}, null, count(*)
                from raw.{child}
                where repository_id = %(id)s and deleted_at is null
                group by 1
            ) as counted
            group by number
            having least(max(told_count), {most}) <> sum(held_count)
                and max(told_count) is not null
            order by 1
            """
        ).format(
            child_number=sql.SQL(number_of(child)), child=sql.Identifier(child.table),
            parent=sql.Identifier(parent.table), connection=sql.Literal(child.connection),
            most=sql.SQL(most),
        ),
        {"id": repository_id},
    )  # fmt: skip
    return [number for (number,) in found]
