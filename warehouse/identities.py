"""What somebody has said about whose accounts and addresses are: a ledger of merges, each of which
can be taken back. What git and GitHub say of an address is in ``warehouse.addresses``.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from gitinsight.errors import BrokenEnvironment, NotFound
from models.identity_matches import Identity
from warehouse import dirty
from warehouse.engine import Connection, driver


@dataclass(frozen=True, slots=True)
class Merge:
    """It holds in every repository, until it is taken back."""

    alias: str
    person: str
    reason: str
    merged_by: str
    merged_at: datetime
    unmerged_by: str | None = None
    unmerged_at: datetime | None = None


def merges(connection: Connection, *, ended: bool = False) -> list[Merge]:
    """Those that hold, and with ``ended`` those that were taken back, too."""
    return (
        driver(connection)
        .cursor(row_factory=class_row(Merge))
        .execute(
            "select alias, person, reason, merged_by, merged_at, unmerged_by, unmerged_at"
            " from ops.identity_merges where %s or unmerged_at is null order by alias, merged_at",
            (ended,),
        )
        .fetchall()
    )


def check(connection: Connection, alias: str, person: str) -> tuple[str, str]:
    """Both as figures name them. NotFound where a figure names none of that name, BrokenEnvironment
    where the merge cannot be made.
    """
    alias, person = _shown(connection, alias), _shown(connection, person)
    held = {one.alias: one.person for one in merges(connection)}
    if alias.lower() in held:
        raise BrokenEnvironment(
            f"{alias} is merged into {held[alias.lower()]}", f"first: identities unmerge {alias}"
        )
    root = person
    while root.lower() in held:
        root = held[root.lower()]
    if root.lower() == alias.lower():
        raise BrokenEnvironment(f"{person} is {alias} already", "name two that are not one")
    if "@" in root and "@" not in alias:
        raise BrokenEnvironment(
            f"{alias} is an account and {root} an address", "merge the address into the account"
        )
    return alias, person


def merge(
    connection: Connection, alias: str, person: str, *, reason: str, by: str, at: datetime
) -> list[int]:
    """Let figures say ``person`` where they said ``alias``; the repositories that it concerns,
    which are marked. Raises what ``check`` does.
    """
    # Two merges at once could close a circle that neither of them sees.
    driver(connection).execute("lock table ops.identity_merges in share row exclusive mode")
    alias, person = check(connection, alias, person)
    driver(connection).execute(
        "insert into ops.identity_merges (alias, person, reason, merged_by, merged_at)"
        " values (lower(%s), %s, %s, %s, %s)",
        (alias, person, reason, by, at),
    )
    return mark(connection, [alias, person], reason=f"{alias} is merged into {person}", at=at)


def unmerge(connection: Connection, alias: str, *, by: str, at: datetime) -> list[int]:
    """As if it had never been merged, from the next analysis on; the repositories that it concerns.
    NotFound where nobody has merged it.
    """
    found = (
        driver(connection)
        .execute(
            "update ops.identity_merges set unmerged_at = %s, unmerged_by = %s"
            " where alias = lower(%s) and unmerged_at is null returning person",
            (at, by, alias),
        )
        .fetchone()
    )
    if found is None:
        raise NotFound(f"a merge of {alias}")
    return mark(connection, [alias, found[0]], reason=f"{alias} is unmerged", at=at)


def concerned(connection: Connection, names: Collection[str]) -> list[int]:
    """Repositories whose figures name one of these, or whom these are by merges that hold."""
    if not _has_figures(connection):
        return []
    found = driver(connection).execute(
        """
        with recursive named (name) as (
            select lower(one) from unnest(%s::text[]) as one
            union
            select lower(further.person)
            from named
            inner join ops.identity_merges as further
                on further.alias = named.name and further.unmerged_at is null
        )
        select distinct repository_id from marts.dim_actor
        where lower(login) in (select name from named) order by 1
        """,
        (list(names),),
    )
    return [repository_id for (repository_id,) in found]


def in_repository(connection: Connection, repository_id: int) -> list[Identity]:
    """Every human that figures name, with the names and addresses of their commits."""
    if not _has_figures(connection):
        return []
    found = driver(connection).execute(
        """
        with recursive followed as (
            select alias, person, 1 as step from ops.identity_merges where unmerged_at is null
            union all
            select followed.alias, further.person, followed.step + 1
            from followed
            inner join ops.identity_merges as further
                on lower(followed.person) = further.alias and further.unmerged_at is null
            where followed.step < 100
        ),
        alias as (
            select distinct on (alias) alias, person from followed order by alias, step desc
        ),
        identity as (
            select email, login from raw.git_identities where repository_id = %(id)s
        ),
        -- As the model int_commits does; tests hold both to the same cases.
        linked as (
            select coalesce(
                    meant.login, said.person, known.login, meant_of_proper.login,
                    said_of_proper.person, proper.login, mapped.proper_email,
                    lower(made.author_email)
                ) as person,
                made.author_name, lower(made.author_email) as email, made.sha
            from raw.git_commits as made
            left join raw.git_mailmap as mapped
                on mapped.repository_id = made.repository_id
                and mapped.email = lower(made.author_email) and mapped.replaced_at is null
            left join identity as known on known.email = lower(made.author_email)
            left join identity as proper on proper.email = mapped.proper_email
            left join alias as said on said.alias = lower(made.author_email)
            left join identity as meant on meant.email = said.person
            left join alias as said_of_proper on said_of_proper.alias = mapped.proper_email
            left join identity as meant_of_proper on meant_of_proper.email = said_of_proper.person
            where made.repository_id = %(id)s and made.is_on_default_branch
        ),
        written as (
            select coalesce(merged.person, linked.person) as person, author_name, email, sha
            from linked left join alias as merged on merged.alias = lower(linked.person)
        )
        select actor.login, count(written.sha),
            coalesce(array_agg(distinct author_name) filter (where author_name is not null), '{}'),
            coalesce(array_agg(distinct email) filter (where email is not null), '{}')
        from marts.dim_actor as actor
        left join written on written.person = actor.login
        where actor.repository_id = %(id)s and actor.actor_class = 'human'
            and not exists (select from alias where alias.alias = lower(actor.login))
        group by actor.login
        order by actor.login
        """,
        {"id": repository_id},
    )
    return [
        Identity(login, commits_count, frozenset(names), frozenset(emails))
        for login, commits_count, names, emails in found
    ]


def mark(connection: Connection, names: Collection[str], *, reason: str, at: datetime) -> list[int]:
    """Let the figures that name one of these be made anew; the repositories whose they are."""
    repository_ids = concerned(connection, names)
    dirty.mark_figures(connection, repository_ids, reason=reason, at=at)
    return repository_ids


def _shown(connection: Connection, name: str) -> str:
    """The spelling that figures have, or had before it was merged."""
    shown = (
        "select login from marts.dim_actor where lower(login) = lower(%(name)s) union all"
        if _has_figures(connection)
        else ""
    )
    found = (
        driver(connection)
        .execute(
            f"{shown} select alias from ops.identity_merges"  # noqa: S608 - ours
            " where alias = lower(%(name)s) and unmerged_at is null limit 1".encode(),
            {"name": name},
        )
        .fetchone()
    )
    if found is None:
        raise NotFound(f"{name} in the mart dim_actor")
    return str(found[0])


def _has_figures(connection: Connection) -> bool:
    """Whether anything was ever published."""
    found = driver(connection).execute("select to_regclass('marts.dim_actor')").fetchone()
    return bool(found and found[0])
