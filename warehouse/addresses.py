"""Whose account an address of commits is: what has been looked up of it, and what it says itself.
What somebody has said about it is in ``warehouse.identities``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from warehouse.engine import Connection, driver
from warehouse.git import Run


@dataclass(frozen=True, slots=True)
class Identity:
    email: str
    login: str | None
    user_id: int | None
    actor_type: str | None
    evidence: str


def unknown_emails(
    connection: Connection, repository_id: int, *, asked_before: datetime
) -> list[tuple[str, str]]:
    """(address, newest commit with it) of authors whose account has not been looked up, or was
    nobody's when GitHub was asked, before ``asked_before``.
    """
    found = driver(connection).execute(
        """
        select distinct on (lower(held.author_email)) lower(held.author_email), held.sha
        from raw.git_commits as held
        left join raw.git_identities as known
            on known.repository_id = held.repository_id
            and known.email = lower(held.author_email)
        where held.repository_id = %s and held.is_on_default_branch
            and (known.email is null or known.login is null and known.looked_up_at < %s)
        order by lower(held.author_email), held.committed_at desc nulls last, held.sha
        """,
        (repository_id, asked_before),
    )
    return [(email, sha) for email, sha in found]


def record_identities(connection: Connection, identities: Sequence[Identity], *, run: Run) -> None:
    """An account that is known stays; nobody gives way to what is found later."""
    driver(connection).cursor().executemany(
        """
        insert into raw.git_identities as held
            (repository_id, email, login, user_id, actor_type, evidence, looked_up_at, run_id)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (repository_id, email) do update
        set login = excluded.login, user_id = excluded.user_id,
            actor_type = excluded.actor_type, evidence = excluded.evidence,
            looked_up_at = excluded.looked_up_at, run_id = excluded.run_id
        where held.login is null
        """,
        [
            (run.repository_id, one.email, one.login, one.user_id, one.actor_type, one.evidence,
             run.at, run.run_id)
            for one in identities
        ],
    )  # fmt: skip


def spell_identities(connection: Connection, repository_id: int) -> int:
    """Give logins that were read off addresses, which are lower case, the case that GitHub has
    shown meanwhile; how many have changed.
    """
    updated = driver(connection).execute(
        """
        update raw.git_identities as held set login = shown.login
        from (
            select distinct on (read_off.email) read_off.email, account.payload ->> 'login' as login
            from raw.git_identities as read_off
            inner join raw.github_users as account
                on account.repository_id = read_off.repository_id
                and lower(account.payload ->> 'login') = lower(read_off.login)
            where read_off.repository_id = %(id)s and read_off.evidence <> 'commit'
            order by read_off.email, account.extracted_at desc, account.id
        ) as shown
        where held.repository_id = %(id)s and held.email = shown.email
            and held.login <> shown.login
        """,
        {"id": repository_id},
    )
    return updated.rowcount
