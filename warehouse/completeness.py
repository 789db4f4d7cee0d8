"""The completeness ledger: what GitHub says exists beside what is held, thing by thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from warehouse.engine import Connection, driver
from warehouse.quarantine import Gap

_HELD = """
select 'issues', count(*) from raw.github_issues
where repository_id = %(id)s and deleted_at is null and not payload ? 'pull_request'
union all select 'users', count(*) from raw.github_users where repository_id = %(id)s
union all select 'commits', count(*) from raw.git_commits
    where repository_id = %(id)s and is_on_default_branch
union all select 'tags', count(*) from raw.git_tags
    where repository_id = %(id)s and deleted_at is null
union all select 'branches', count(*) from raw.git_branches
    where repository_id = %(id)s and deleted_at is null
"""
_PAYLOADS = (
    "pull_requests", "issue_comments", "reviews", "review_comments", "labels", "milestones",
    "releases", "issue_events",
)  # fmt: skip

_IMPLIED = """
select 'issue_comments', coalesce(sum(comments_count), 0)
from (
    select (payload ->> 'comments')::bigint as comments_count
    from raw.github_issues where repository_id = %(id)s and deleted_at is null
    union all
    select refused.comments_count
    from (
        select distinct on (coalesce(id, -quarantine_id)) id,
            substring(encode(raw, 'escape') from '"comments": ?([0-9]{1,9})')::bigint
                as comments_count
        from ops.quarantine
        where repository_id = %(id)s and thing = 'issues' and kind = 'record'
            and replayed_at is null
        order by coalesce(id, -quarantine_id), quarantine_id desc
    ) as refused
    left join raw.github_issues as held
        on held.repository_id = %(id)s and held.id = refused.id and held.deleted_at is null
    where held.id is null
) as issues
union all
select 'reviews', sum((payload -> 'reviews' ->> 'totalCount')::bigint)
from raw.github_pull_requests where repository_id = %(id)s and deleted_at is null
"""


_NO_GAP = Gap()


@dataclass(frozen=True, slots=True)
class Entry:
    """``state``: complete, partial (they differ), unavailable (not readable), uncounted."""

    thing: str
    upstream_count: int | None
    held_count: int | None
    state: str
    reason: str | None


def held_counts(connection: Connection, repository_id: int) -> dict[str, int]:
    counted = _HELD + "".join(
        f" union all select '{thing}', count(*) from raw.github_{thing}"  # noqa: S608 - ours
        " where repository_id = %(id)s and deleted_at is null"
        for thing in _PAYLOADS
    )
    found = driver(connection).execute(counted, {"id": repository_id})
    return dict(found)


def implied_counts(connection: Connection, repository_id: int) -> dict[str, int]:
    """Totals that GitHub gives record by record: the comments of an issue, for one, be it held or
    in quarantine.
    """
    found = driver(connection).execute(_IMPLIED, {"id": repository_id})
    return {thing: int(count or 0) for thing, count in found}


def judge(
    thing: str, upstream: int | None, held: int | None, *, unavailable: str | None = None,
    repeated: int = 0, gap: Gap = _NO_GAP,
) -> Entry:  # fmt: skip
    """``repeated`` records were listed twice, under one id; those of ``gap`` are in quarantine, so
    that what is held and what is missing there add up to what exists, but for what is told.
    """
    state, reason = "complete", unavailable
    if unavailable is not None and (held or upstream != 0):
        state, held = "unavailable", held or None
    elif gap != _NO_GAP:
        rest = 0 if upstream is None or held is None else upstream - held - gap.missing
        if repeated and rest == repeated:
            rest = 0
        state, reason = "partial", _in_quarantine(gap) + (f", {rest:+d} not explained" * bool(rest))
    elif upstream is None:
        state, reason = "uncounted", "GitHub gives no total"
    elif held is None:
        state, reason = "uncounted", "only the total is kept"
    elif repeated and held + repeated == upstream:
        reason = f"GitHub lists {repeated} of them twice, under one id"
    elif held != upstream:
        state, reason = "partial", f"{upstream - held:+d} not explained"
    return Entry(thing, upstream, held, state, reason)


def _in_quarantine(gap: Gap) -> str:
    missing = f"{gap.missing} of them {'is' if gap.missing == 1 else 'are'} in quarantine"
    outdated = f"the newest version of {gap.outdated} of them is in quarantine"
    return ", ".join(
        text for text, count in ((missing, gap.missing), (outdated, gap.outdated)) if count
    )


def record(
    connection: Connection, repository_id: int, entries: Mapping[str, Entry], *,
    at: datetime, job_id: UUID,
) -> None:  # fmt: skip
    driver(connection).cursor().executemany(
        """
        insert into ops.completeness
            (repository_id, thing, upstream_count, held_count, state, reason, as_of, job_id)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (repository_id, thing) do update
        set upstream_count = excluded.upstream_count, held_count = excluded.held_count,
            state = excluded.state, reason = excluded.reason, as_of = excluded.as_of,
            job_id = excluded.job_id
        """,
        [
            (
                repository_id,
                one.thing,
                one.upstream_count,
                one.held_count,
                one.state,
                one.reason,
                at,
                job_id,
            )
            for one in entries.values()
        ],
    )
