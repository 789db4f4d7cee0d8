"""What accounts did in a repository, and what was made of it about them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from psycopg.rows import class_row
from psycopg.sql import SQL

from models.actors import Verdict
from models.behaviour import LEAST, MOST, WINDOW_DAYS, Activities
from warehouse.engine import Connection, driver
from warehouse.schemas import NOW, Schemas

SOURCES = (
    "github_issues", "github_issue_events", "github_issue_comments", "github_reviews",
    "github_review_comments", "github_releases", "git_commits", "git_identities",
)  # fmt: skip
"""The raw tables that are read."""
_NEEDED = ("issues", "issue_comments", "issue_events", "reviews", "review_comments")
"""Who is seen in half of what there is looks like a machine: always the same."""
_ENOUGH = 0.9
"""Of what GitHub says exists; a class is not to change with every comment that is missed."""
_KNOWN = """
select count(*) = cardinality(%(needed)s::text[]) from ops.completeness
where repository_id = %(id)s and thing = any(%(needed)s)
    and state <> 'unavailable' and held_count >= %(enough)s * coalesce(upstream_count, held_count)
"""
# GitHub shows a comment that closes something as one activity, and the commits of a push as one.
# GraphQL names an app as a person might be named; nobody needs to be told what an app is.
_ACTIVITIES = """
with items as (
    select (payload ->> 'number')::integer as number,
        case when payload ? 'pull_request' then 'pull request' else 'issue' end as subject,
        payload -> 'user' ->> 'login' as login, (payload ->> 'created_at')::timestamptz as at
    from raw.github_issues where repository_id = %(id)s and deleted_at is null
),
turns as (
    select (payload -> 'issue' ->> 'number')::integer as number, payload ->> 'event' as event,
        payload -> 'actor' ->> 'login' as login, (payload ->> 'created_at')::timestamptz as at
    from raw.github_issue_events where repository_id = %(id)s and deleted_at is null
        and payload ->> 'event' in ('closed', 'reopened')
),
comments as (
    select substring(payload ->> 'issue_url' from '/([0-9]+)$')::integer as number,
        payload -> 'user' ->> 'login' as login, (payload ->> 'created_at')::timestamptz as at
    from raw.github_issue_comments where repository_id = %(id)s and deleted_at is null
),
commented as (
    select comments.*, lead(turn_at) over around - at <= interval '2 seconds'
            or at - lag(turn_at) over around <= interval '2 seconds' as is_of_a_turn
    from (
        select number, login, at, null::timestamptz as turn_at from comments
        union all
        select number, login, at, at from turns
    ) as comments
    window around as (partition by number, login order by at, turn_at nulls last)
),
done as (
    select login, at, 'opens ' || subject as kind from items
    union all
    select turns.login, turns.at, turns.event || ' ' || items.subject
    from turns inner join items using (number)
    union all
    select commented.login, commented.at, 'comments ' || items.subject
    from commented inner join items using (number)
    where commented.turn_at is null and not coalesce(commented.is_of_a_turn, false)
    union all
    select payload -> 'author' ->> 'login', (payload ->> 'submittedAt')::timestamptz,
        case when payload ->> 'state' = 'COMMENTED' then 'comments changes' else 'reviews' end
    from raw.github_reviews where repository_id = %(id)s and deleted_at is null
        and (payload ->> 'state' <> 'COMMENTED' or payload ->> 'body' <> '')
        and payload -> 'author' ->> '__typename' is distinct from 'Bot'
    union all
    select payload -> 'user' ->> 'login', (payload ->> 'created_at')::timestamptz,
        'comments changes'
    from raw.github_review_comments where repository_id = %(id)s and deleted_at is null
    union all
    select payload -> 'author' ->> 'login', (payload ->> 'published_at')::timestamptz, 'releases'
    from raw.github_releases where repository_id = %(id)s and deleted_at is null
    union all
    select distinct known.login, date_trunc('minute', made.committed_at), 'pushes'
    from raw.git_commits as made inner join raw.git_identities as known
        on known.repository_id = made.repository_id and known.email = lower(made.author_email)
    where made.repository_id = %(id)s and made.is_on_default_branch
        and cardinality(made.parents) < 2
),
placed as (
    select login, at, kind, max(at) over (partition by login) as last_at,
        row_number() over (partition by login order by at desc, kind desc) as place
    from done where login is not null and at is not null
)
select login, array_agg(kind order by at, kind) as kinds,
    array_agg(extract(epoch from at)::float8 / 3600 order by at, kind) as hours
from placed where place <= %(most)s and last_at - at <= %(days)s * interval '1 day'
group by login having count(*) >= %(least)s order by login
"""


def of_accounts(
    connection: Connection, repository_id: int, *, schemas: Schemas = NOW
) -> Iterator[Activities]:
    """The last ones of every account with enough of them; none where too little is known."""
    cursor = driver(connection).cursor(row_factory=class_row(Activities))
    known = driver(connection).execute(
        schemas.of(_KNOWN),
        {"id": repository_id, "needed": list(_NEEDED), "enough": _ENOUGH},
    )
    if not (known.fetchone() or (False,))[0]:
        return
    yield from cursor.execute(
        schemas.of(_ACTIVITIES),
        {"id": repository_id, "most": MOST, "days": WINDOW_DAYS, "least": LEAST},
    )


def store(
    connection: Connection, repository_id: int, verdicts: Sequence[Verdict], *, model: str,
    at: datetime, schemas: Schemas = NOW,
) -> None:  # fmt: skip
    """What is said now of the accounts of a repository; only what differs is written."""
    raw, table = driver(connection), schemas.table("ops", "actor_scores")
    raw.execute(
        SQL("delete from {} where repository_id = %s and not login = any(%s)").format(table),
        (repository_id, [one.login for one in verdicts]),
    )
    raw.cursor().executemany(
        SQL(
            "insert into {} as held (repository_id, login, bot_probability, activities_count,"
            " evidence, model, scored_at) values (%s, %s, %s, %s, %s, %s, %s)"
            " on conflict (repository_id, login) do update set"
            " bot_probability = excluded.bot_probability,"
            " activities_count = excluded.activities_count, evidence = excluded.evidence,"
            " model = excluded.model, scored_at = excluded.scored_at"
            " where (held.bot_probability, held.activities_count, held.evidence, held.model)"
            " is distinct from (excluded.bot_probability, excluded.activities_count,"
            " excluded.evidence, excluded.model)"
        ).format(table),
        [
            (
                repository_id, one.login, one.probability, one.activities_count,
                one.evidence, model, at,
            )
            for one in verdicts
        ],
    )  # fmt: skip
