"""Whom persons worked for, from day to day, as somebody has said; what was said before is kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from gitinsight.errors import BrokenEnvironment, NotFound
from warehouse import dirty
from warehouse.engine import Connection, driver


@dataclass(frozen=True, slots=True)
class Affiliation:
    """``subject`` is an account, an address or @domain. Both days belong to it, and null is without
    an end.
    """

    subject: str
    organisation: str
    from_day: date | None
    to_day: date | None
    source: str


def held(connection: Connection) -> list[Affiliation]:
    return (
        driver(connection)
        .cursor(row_factory=class_row(Affiliation))
        .execute(
            "select subject, organisation, from_day, to_day, source from ops.affiliations"
            " where unset_at is null order by subject, from_day nulls first"
        )
        .fetchall()
    )


def add(connection: Connection, said: Sequence[Affiliation], *, at: datetime) -> list[int]:
    """All of them or none; the repositories that they concern, which are marked. What is said
    already is not said twice. BrokenEnvironment where somebody would work for two on one day: what
    holds no longer is unset first.
    """
    raw = driver(connection)
    raw.execute("lock table ops.affiliations in share row exclusive mode")
    known = set(held(connection))
    new = [one for one in dict.fromkeys(map(_in_lower_case, said)) if one not in known]
    for one in new:
        if one.from_day and one.to_day and one.from_day > one.to_day:
            raise BrokenEnvironment(
                f"{one.subject} at {one.organisation} ends before it begins", "give both days anew"
            )
    raw.cursor().executemany(
        "insert into ops.affiliations (subject, organisation, from_day, to_day, source, set_at)"
        " values (%s, %s, %s, %s, %s, %s)",
        [(one.subject, one.organisation, one.from_day, one.to_day, one.source, at) for one in new],
    )
    twice = raw.execute(
        """
        select one.subject, one.organisation, other.organisation
        from ops.affiliations as one
        inner join ops.affiliations as other
            on one.subject = other.subject and one.affiliation_id < other.affiliation_id
            and daterange(one.from_day, one.to_day, '[]')
                && daterange(other.from_day, other.to_day, '[]')
        where one.unset_at is null and other.unset_at is null
        limit 1
        """
    ).fetchone()
    if twice:
        raise BrokenEnvironment(
            f"{twice[0]} would be at {twice[1]} and at {twice[2]} on one day",
            f"give days that do not meet, or first: affiliations unset {twice[0]}",
        )
    return _mark(connection, [one.subject for one in new], at)


def unset(connection: Connection, subject: str, *, at: datetime) -> list[int]:
    """Forget whom an account, an address or a domain worked for; the repositories concerned.
    NotFound where nobody has said it.
    """
    count = (
        driver(connection)
        .execute(
            "update ops.affiliations set unset_at = %s"
            " where subject = lower(%s) and unset_at is null",
            (at, subject),
        )
        .rowcount
    )
    if not count:
        raise NotFound(f"an affiliation of {subject}")
    return _mark(connection, [subject.lower()], at)


def _mark(connection: Connection, subjects: Collection[str], at: datetime) -> list[int]:
    """The repositories with a commit of such an author: what else they do has no organisation."""
    found = driver(connection).execute(
        """
        with recursive subjects (one) as (
            select one from unnest(%s::text[]) as one
            union
            -- Whoever is one person by merges, however many of them, wrote under each of these.
            select unnest(array[merged.alias, lower(merged.person)])
            from subjects
            inner join ops.identity_merges as merged
                on subjects.one in (merged.alias, lower(merged.person))
                and merged.unmerged_at is null
        )
        select distinct made.repository_id
        from raw.git_commits as made
        left join raw.git_mailmap as mapped
            on mapped.repository_id = made.repository_id
            and mapped.email = lower(made.author_email) and mapped.replaced_at is null
        left join raw.git_identities as known
            on known.repository_id = made.repository_id
            and known.email in (lower(made.author_email), mapped.proper_email)
        where made.is_on_default_branch and (
            lower(made.author_email) in (select one from subjects)
            or substring(lower(made.author_email) from '@[^@]*$') in (select one from subjects)
            or mapped.proper_email in (select one from subjects)
            or lower(known.login) in (select one from subjects)
        )
        order by 1
        """,
        (list(subjects),),
    )
    repository_ids = [repository_id for (repository_id,) in found]
    dirty.mark_figures(connection, repository_ids, reason="affiliations", at=at)
    return repository_ids


def _in_lower_case(one: Affiliation) -> Affiliation:
    return Affiliation(one.subject.lower(), one.organisation, one.from_day, one.to_day, one.source)
