"""Who was forgotten: digests of what named a person, and what is known of one who will be."""

import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from gitinsight.errors import BrokenEnvironment, TransientError
from gitinsight.veil import NOTHING, Ghost, Kind, Term, Veil, fold, term
from warehouse.engine import Connection, driver

_TERM = "kind, digest, ghost, ordinal, words, start"
_IDS = """
select id from raw.github_users where lower(payload ->> 'login') = any(%(logins)s)
union select user_id from raw.git_identities where lower(login) = any(%(logins)s)
union select actor_id from raw.gharchive_events where lower(actor_login) = any(%(logins)s)
"""
_LOGINS = """
select lower(payload ->> 'login') from raw.github_users where id = any(%(ids)s)
union select lower(payload ->> 'login') from raw.github_users_history where id = any(%(ids)s)
union select lower(login) from raw.git_identities where user_id = any(%(ids)s)
union select lower(actor_login) from raw.gharchive_events where actor_id = any(%(ids)s)
"""
_EMAILS = """
select email from raw.git_identities where lower(login) = any(%(logins)s) or user_id = any(%(ids)s)
union select payload #>> '{commit,author,email}' from raw.github_pull_request_commits
where lower(payload #>> '{commit,author,user,login}') = any(%(logins)s)
"""
# Of the two addresses of a line of .mailmap whoever has one has the other, and so of a merge. What
# GitHub links to another account is that one's, whatever a file of the repository says.
_MEANT = """
select other.email
from raw.git_mailmap as said
cross join lateral (
    values (said.email, said.proper_email), (said.proper_email, said.email)
) as other (email, known)
where said.replaced_at is null and other.known = any(%(emails)s) and not exists (
    select from raw.git_identities as linked
    where linked.email = other.email and lower(linked.login) <> all(%(logins)s)
)
union select alias from ops.identity_merges
where unmerged_at is null and alias like '%%@%%' and lower(person) = any(%(named)s)
union select lower(person) from ops.identity_merges
where unmerged_at is null and person like '%%@%%' and alias = any(%(named)s)
"""
_MERGED = """
select alias from ops.identity_merges
where unmerged_at is null and alias not like '%%@%%' and lower(person) = any(%(named)s)
union select lower(person) from ops.identity_merges
where unmerged_at is null and person not like '%%@%%' and alias = any(%(named)s)
"""
_NAMES = """
select author_name from raw.git_commits where lower(author_email) = any(%(emails)s)
union select committer_name from raw.git_commits where lower(committer_email) = any(%(emails)s)
union select payload #>> '{commit,author,name}' from raw.github_pull_request_commits
where lower(payload #>> '{commit,author,email}') = any(%(emails)s)
"""
_OWNED = """
select full_name from ops.repositories where lower(split_part(full_name, '/', 1)) = any(%(logins)s)
union select login from ops.organisations where lower(login) = any(%(logins)s)
order by 1
"""


SOURCES = frozenset(
    {
        "ops.identity_merges", "raw.gharchive_events", "raw.git_commits", "raw.git_identities",
        "raw.git_mailmap", "raw.github_pull_request_commits", "raw.github_users",
        "raw.github_users_history",
    }
)  # fmt: skip
"""What ``find`` asks: a person is not found again once these are erased."""


class Busy(TransientError):
    def __init__(self, jobs: int) -> None:
        super().__init__(jobs)
        self.jobs = jobs

    def __str__(self) -> str:
        return f"{self.jobs} analyses are running, and know nothing of it: try again when they end"


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that names one person, in plain text: never stored, never logged."""

    logins: tuple[str, ...]
    ids: tuple[int, ...]
    emails: tuple[str, ...]
    names: tuple[str, ...]
    is_common_word: bool = False

    def terms(self) -> Iterable[tuple[Kind, str]]:
        yield from ((Kind.LOGIN, one) for one in self.logins)
        yield from ((Kind.ID, str(one)) for one in self.ids)
        yield from ((Kind.EMAIL, one) for one in self.emails)
        yield from ((Kind.NAME, one) for one in self.names)


def load(connection: Connection) -> Veil:
    """What keeps out everybody who was forgotten by now."""
    raw = driver(connection)
    terms = (
        raw.cursor(row_factory=class_row(Term))
        .execute(
            f"select {_TERM} from ops.ghost_terms".encode()  # noqa: S608 - ours
        )
        .fetchall()
    )
    if not terms:
        return NOTHING
    ghosts = raw.execute("select ghost, is_common_word, salt from ops.ghosts").fetchall()
    return Veil(ghosts[0][2], (Ghost(number, is_word) for number, is_word, _ in ghosts), terms)


def find(
    connection: Connection, login: str, *, emails: Collection[str] = (),
    names: Collection[str] = (), is_common_word: bool = False,
) -> Person:  # fmt: skip
    """Everything that is held of an account, its earlier logins too, and what is told of it; of
    each account that is merged with it, the same.
    """
    first = fold(login)
    if first == "ghost":
        raise BrokenEnvironment("ghost is nobody", "it is whom GitHub shows for deleted accounts")
    accounts: set[object] = {first}
    addresses: set[object] = {fold(one) for one in emails}
    known = 0
    while known < len(accounts) + len(addresses):
        known = len(accounts) + len(addresses)
        # Of an earlier login only its account is known: the login may be another's by now.
        ids = _ask(connection, _IDS, logins=accounts)
        logins = _ask(connection, _LOGINS, ids=ids) | accounts
        addresses |= _ask(connection, _EMAILS, logins=logins, ids=ids)
        addresses |= _ask(
            connection, _MEANT, emails=addresses, logins=logins, named=logins | addresses
        )
        accounts |= _ask(connection, _MERGED, named=accounts | addresses)
    called = _ask(connection, _NAMES, emails=addresses) | set(names)
    return Person(
        logins=tuple(sorted(map(str, logins))),
        ids=tuple(sorted(int(str(one)) for one in ids)),
        emails=tuple(sorted({fold(str(one)) for one in addresses})),
        names=_worded(called),
        is_common_word=is_common_word,
    )


def known_by(connection: Connection, email: str) -> Person:
    """What an address alone tells of a person."""
    return Person((), (), (fold(email),), _worded(_ask(connection, _NAMES, emails=[fold(email)])))


def remember(connection: Connection, person: Person, *, at: datetime) -> Ghost:
    """Who stands in the person's place from now on; one who was forgotten before keeps his ghost.
    What an analysis reads that begins after this transaction passes the veil; Busy where one runs,
    BrokenEnvironment where repositories are followed that are called after the person.
    """
    raw = driver(connection)
    if owned := _ask(connection, _OWNED, logins=person.logins):
        raise BrokenEnvironment(
            f"{', '.join(sorted(map(str, owned)))} is followed, and is called after the account",
            "a repository cannot be asked for without its owner's name",
        )
    raw.execute("lock table ops.ghost_terms in access exclusive mode")
    (running,) = raw.execute("select count(*) from ops.jobs where state = 'running'").fetchall()[0]
    if running:
        raise Busy(running)
    held = raw.execute("select salt from ops.ghosts limit 1").fetchone()
    salt = held[0] if held else secrets.token_bytes(32)
    ghost = _ghost_of(connection, person, salt)
    if ghost is None:
        (number,) = raw.execute(
            "insert into ops.ghosts (is_common_word, salt, forgotten_at) values (%s, %s, %s)"
            " returning ghost",
            (person.is_common_word, salt, at),
        ).fetchall()[0]
    else:
        number = ghost
        raw.execute(
            "update ops.ghosts set is_common_word = %s where ghost = %s",
            (person.is_common_word, number),
        )
    add_terms(connection, person.terms(), ghost=number)
    return Ghost(number, person.is_common_word)


def add_terms(connection: Connection, named: Iterable[tuple[Kind, str]], *, ghost: int) -> None:
    """What else names a person who was forgotten; each new address has a number of its own."""
    raw = driver(connection)
    (salt,) = raw.execute("select salt from ops.ghosts where ghost = %s", (ghost,)).fetchall()[0]
    ordinal = raw.execute(
        "select coalesce(max(ordinal), 0) from ops.ghost_terms where ghost = %s", (ghost,)
    ).fetchall()[0][0]
    for kind, text in named:
        ordinal += kind is Kind.EMAIL
        one = term(salt, kind, text, ghost=ghost, ordinal=ordinal if kind is Kind.EMAIL else 0)
        raw.execute(
            f"insert into ops.ghost_terms ({_TERM}) values (%s, %s, %s, %s, %s, %s)"  # noqa: S608
            " on conflict do nothing".encode(),
            (one.kind, one.digest, one.ghost, one.ordinal, one.words, one.start),
        )


def preview(whom: Mapping[Person, Ghost]) -> Veil:
    """As if these had been forgotten, and nobody else; what names two is the first one's."""
    salt = secrets.token_bytes(32)
    terms = [
        term(salt, kind, text, ghost=ghost.number, ordinal=ordinal)
        for person, ghost in reversed(list(whom.items()))
        for ordinal, (kind, text) in enumerate(person.terms())
    ]
    return Veil(salt, whom.values(), terms)


def _ask(
    connection: Connection, statement: str, **known: Collection[object]
) -> set[object]:  # fmt: skip
    told = {key: list(one) for key, one in known.items()}
    found = driver(connection).execute(statement.encode(), told)
    return {one for (one,) in found if one not in {None, ""}}


def _worded(names: Iterable[object]) -> tuple[str, ...]:
    return tuple(sorted({str(one).strip() for one in names if re.search(r"\w", str(one))}))


def _ghost_of(connection: Connection, person: Person, salt: bytes) -> int | None:
    digests = [
        term(salt, kind, text, ghost=0).digest
        for kind, text in person.terms()
        if kind in {Kind.LOGIN, Kind.ID}
    ]
    found = driver(connection).execute(
        "select min(ghost) from ops.ghost_terms where kind in ('login', 'id') and digest = any(%s)",
        (digests,),
    )
    number: int | None = (found.fetchone() or (None,))[0]
    return number
