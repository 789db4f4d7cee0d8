"""The completeness ledger: what GitHub says exists beside what is held, thing by thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from gitinsight.things.catalogue import GITHUB_THINGS, children
from gitinsight.things.thing import Reading, Thing
from warehouse.engine import Connection, driver
from warehouse.quarantine import Gap

_GIT = """
select 'commits', count(*) from raw.git_commits
    where repository_id = %(id)s and is_on_default_branch
union all select 'tags', count(*) from raw.git_tags
    where repository_id = %(id)s and deleted_at is null
union all select 'branches', count(*) from raw.git_branches
    where repository_id = %(id)s and deleted_at is null
"""
COUNTED_OTHERWISE = {
    "issues": "count(*) filter (where not payload ? 'pull_request')",
    "stars_history": "coalesce(sum((payload ->> 'total')::bigint), 0)",
}
"""How many a table stands for, where that is not the number of its rows."""
COUNTED = tuple(thing for thing in GITHUB_THINGS if thing.reading is not Reading.OBJECT)
"""What is a list, and so can miss something."""
_ISSUE_COMMENTS = """
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
"""


_NO_GAP = Gap()


_HIDDEN_RATIO = 0.01
"""GitHub counts comments that it shows to nobody, those of spammers; they are no more than that."""


@dataclass(frozen=True, slots=True)
class Entry:
    """``state``: complete, partial (they differ), unavailable (not readable), uncounted."""

    thing: str
    upstream_count: int | None
    held_count: int | None
    state: str
    reason: str | None

    @property
    def is_gap(self) -> bool:
        return self.state in {"partial", "unavailable"}


def held_counts(connection: Connection, repository_id: int) -> dict[str, int]:
    counted = _GIT + "".join(
        f" union all select '{thing.name}', {COUNTED_OTHERWISE.get(thing.name, 'count(*)')}"  # noqa: S608 - ours
        f" from raw.{thing.table} where repository_id = %(id)s and deleted_at is null"
        for thing in COUNTED
    )
    found = driver(connection).execute(counted.encode(), {"id": repository_id})
    return {thing: int(count) for thing, count in found}


def implied_counts(connection: Connection, repository_id: int) -> dict[str, int]:
    """Totals that GitHub gives record by record: the comments of an issue, for one, be it held or
    in quarantine.
    """
    counted = _ISSUE_COMMENTS + "".join(
        f" union all select '{child.name}', coalesce(sum({_within(child)}), 0)"  # noqa: S608 - ours
        f" from raw.{parent.table} where repository_id = %(id)s and deleted_at is null"
        for parent in GITHUB_THINGS
        for child in children(parent)
    )
    found = driver(connection).execute(counted.encode(), {"id": repository_id})
    return {thing: int(count) for thing, count in found}


def _within(child: Thing) -> str:
    total = f"(payload -> '{child.connection}' ->> 'totalCount')::bigint"
    if child.most is None:
        return total
    return f"case when {total} > {child.most} then {child.most} else {total} end"


def judge(
    thing: str, upstream: int | None, held: int | None, *, unavailable: str | None = None,
    repeated: int = 0, gap: Gap = _NO_GAP, is_offered: bool = True, doubt: str | None = None,
    listed: int | None = None,
) -> Entry:  # fmt: skip
    """``repeated`` records were listed twice, under one id; those of ``gap`` are in quarantine, so
    that what is held and what is missing there add up to what exists, but for what is told;
    ``listed`` is how many GitHub's own list has, where that was asked.
    """
    if not is_offered:
        return Entry(thing, upstream, held or None, "uncounted", "this GitHub does not offer it")
    state, reason = "complete", unavailable
    if unavailable is not None and (held or upstream != 0):
        state, held = "unavailable", held or None
    elif gap != _NO_GAP:
        rest = 0 if upstream is None or held is None else upstream - held - gap.missing
        if repeated and rest == repeated:
            rest = 0
        state, reason = "partial", _in_quarantine(gap) + (f", {rest:+d} not explained" * bool(rest))
    else:
        state, reason = _compared(upstream, held, repeated=repeated, listed=listed, why=unavailable)
    if doubt is not None:
        state, reason = "partial", doubt
    return Entry(thing, upstream, held, state, reason)


def _compared(
    upstream: int | None, held: int | None, *, repeated: int, listed: int | None, why: str | None
) -> tuple[str, str | None]:
    """(state, reason) of what was read."""
    if upstream is None:
        return "uncounted", "GitHub gives no total"
    if held is None:
        return "uncounted", "only the total is kept"
    if held == upstream:
        return "complete", why
    if repeated and held + repeated == upstream:
        return "complete", f"GitHub lists {repeated} of them twice, under one id"
    if held == listed:
        is_whole = abs(upstream - held) <= upstream * _HIDDEN_RATIO
        reason = f"GitHub's list has {held}, and {upstream - held:+d} by its own counts"
        return "complete" if is_whole else "partial", reason
    return "partial", f"{upstream - held:+d} not explained"


def _in_quarantine(gap: Gap) -> str:
    missing = f"{gap.missing} of them {'is' if gap.missing == 1 else 'are'} in quarantine"
    outdated = f"the newest version of {gap.outdated} of them is in quarantine"
    return ", ".join(
        text for text, count in ((missing, gap.missing), (outdated, gap.outdated)) if count
    )


def entries(connection: Connection, repository_id: int) -> dict[str, Entry]:
    """What was accounted for last, by thing."""
    found = (
        driver(connection)
        .cursor(row_factory=class_row(Entry))
        .execute(
            "select thing, upstream_count, held_count, state, reason from ops.completeness"
            " where repository_id = %s",
            (repository_id,),
        )
        .fetchall()
    )
    return {one.thing: one for one in found}


def record(
    connection: Connection, repository_id: int, entries: Mapping[str, Entry], *,
    at: datetime, job_id: UUID,
) -> None:  # fmt: skip
    """What was counted otherwise before is kept."""
    driver(connection).cursor().executemany(
        """
        insert into ops.completeness_history
            (repository_id, thing, valid_from, valid_to, upstream_count, held_count, state, reason,
            job_id)
        select repository_id, thing, coalesce(counted_since, '-infinity'), %s, upstream_count,
            held_count, state, reason, job_id
        from ops.completeness
        where repository_id = %s and thing = %s
            and (upstream_count, held_count, state, reason) is distinct from (%s, %s, %s, %s)
        on conflict do nothing
        """,
        [
            (
                at, repository_id, one.thing, one.upstream_count, one.held_count, one.state,
                one.reason,
            )
            for one in entries.values()
        ],
    )  # fmt: skip
    driver(connection).cursor().executemany(
        """
        insert into ops.completeness as held
            (repository_id, thing, upstream_count, held_count, state, reason, as_of, job_id,
            counted_since)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (repository_id, thing) do update
        set upstream_count = excluded.upstream_count, held_count = excluded.held_count,
            state = excluded.state, reason = excluded.reason, as_of = excluded.as_of,
            job_id = excluded.job_id,
            counted_since = case
                when (held.upstream_count, held.held_count, held.state, held.reason)
                    is distinct from (excluded.upstream_count, excluded.held_count, excluded.state,
                    excluded.reason) then excluded.as_of
                else held.counted_since
            end
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
                at,
            )
            for one in entries.values()
        ],
    )
