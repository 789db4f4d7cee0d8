"""The accounts whose repositories are followed: all of them, those that come later too."""
# ruff: noqa: S608 - the only thing put into SQL text is our own list of columns

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from gitinsight.errors import IdentityChanged, NotFound
from warehouse.engine import Connection, driver
from warehouse.visibility import VISIBLE, Readable, parameter

_COLUMNS: LiteralString = (
    "organisation_id, host, github_id, login, kind, state, state_reason, include_forks,"
    " include_archived, added_at, asked_at, discovered_at, pages, principal,"
    " (select count(*) from ops.repositories as repositories"
    " where repositories.organisation_id = organisations.organisation_id"
    f" and {VISIBLE}) as repositories_count"
)


@dataclass(frozen=True, slots=True)
class Organisation:
    """``kind``: User or Organization. ``state``: active or unreadable. ``pages`` of its listing:
    URL and ETag of each, the ETags made for ``principal``.
    """

    organisation_id: int
    host: str
    github_id: int
    login: str
    kind: str
    state: str
    state_reason: str | None
    include_forks: bool
    include_archived: bool
    added_at: datetime
    asked_at: datetime | None
    discovered_at: datetime | None
    pages: list[dict[str, str]]
    principal: str | None
    repositories_count: int


def add(
    connection: Connection, *, host: str, github_id: int, login: str, kind: str, at: datetime,
    include_forks: bool = False, include_archived: bool = True,
) -> tuple[Organisation, bool]:  # fmt: skip
    """The organisation, and whether it is new. A known id under a new login is a rename; what is
    included is as it was asked for last, and another choice has the whole listing read anew.
    """
    known = _one(
        connection,
        f"select {_COLUMNS} from ops.organisations"
        " where host = %(host)s and lower(login) = lower(%(login)s)",
        host=host, login=login,
    )  # fmt: skip
    if known is not None and known.github_id != github_id:
        raise IdentityChanged(login, known.github_id, github_id)
    added = _one(
        connection,
        f"""
        insert into ops.organisations
            (host, github_id, login, kind, state, include_forks, include_archived, added_at, pages)
        values (%(host)s, %(github_id)s, %(login)s, %(kind)s, 'active', %(forks)s, %(archived)s,
                %(at)s, '[]')
        on conflict (host, github_id) do nothing
        returning {_COLUMNS}
        """,
        host=host, github_id=github_id, login=login, kind=kind, forks=include_forks,
        archived=include_archived, at=at,
    )  # fmt: skip
    if added is not None:
        return added, True
    changed = _one(
        connection,
        f"""
        update ops.organisations
        set login = %(login)s, kind = %(kind)s, state = 'active', state_reason = null,
            pages = case when include_forks = %(forks)s and include_archived = %(archived)s
                    then pages else '[]' end,
            discovered_at = case when include_forks = %(forks)s and include_archived = %(archived)s
                            then discovered_at end,
            include_forks = %(forks)s, include_archived = %(archived)s
        where host = %(host)s and github_id = %(github_id)s
        returning {_COLUMNS}
        """,
        host=host, github_id=github_id, login=login, kind=kind, forks=include_forks,
        archived=include_archived,
    )  # fmt: skip
    if changed is None:
        raise NotFound(login)
    return changed, False


def by_id(
    connection: Connection, organisation_id: int, *, readable: Readable = None
) -> Organisation:
    """It counts the repositories that may be seen."""
    found = _one(
        connection,
        f"select {_COLUMNS} from ops.organisations where organisation_id = %(id)s",
        id=organisation_id, readable=parameter(readable),
    )  # fmt: skip
    if found is None:
        raise NotFound(f"organisation {organisation_id}")
    return found


def several(
    connection: Connection, *, limit: int = 50, after: int = 0, readable: Readable = None
) -> list[Organisation]:
    """In the order they were added."""
    return _all(
        connection,
        f"select {_COLUMNS} from ops.organisations where organisation_id > %(after)s"
        " order by organisation_id limit %(limit)s",
        after=after, limit=limit, readable=parameter(readable),
    )  # fmt: skip


def undiscovered(connection: Connection, *, asked_before: datetime) -> list[Organisation]:
    """Those that were never read whole, but for those that were asked about a moment ago."""
    return _all(
        connection,
        f"select {_COLUMNS} from ops.organisations where discovered_at is null"
        " and state = 'active' and (asked_at is null or asked_at < %(before)s)"
        " order by organisation_id",
        before=asked_before,
    )  # fmt: skip


def record_attempt(connection: Connection, organisation_id: int, *, at: datetime) -> None:
    """Its listing is being asked for."""
    _execute(
        connection,
        "update ops.organisations set asked_at = %(at)s where organisation_id = %(id)s",
        id=organisation_id, at=at,
    )  # fmt: skip


def record_listing(
    connection: Connection, organisation_id: int, pages: Sequence[dict[str, str]], *,
    principal: str, discovered_at: datetime,
) -> None:  # fmt: skip
    """It was read whole."""
    _execute(
        connection,
        "update ops.organisations set pages = %(pages)s, principal = %(principal)s,"
        " discovered_at = %(at)s, state = 'active', state_reason = null"
        " where organisation_id = %(id)s",
        id=organisation_id, pages=Jsonb(list(pages)), principal=principal, at=discovered_at,
    )  # fmt: skip


def record_loss(connection: Connection, organisation_id: int, *, reason: str) -> None:
    """GitHub does not show it now. Its repositories are followed on: each decides for itself."""
    _execute(
        connection,
        "update ops.organisations set state = 'unreadable', state_reason = %(reason)s"
        " where organisation_id = %(id)s",
        id=organisation_id, reason=reason,
    )  # fmt: skip


def link(
    connection: Connection, organisation_id: int, repository_id: int, *, records_estimate: int
) -> None:
    """The repository stands in its listing; what is known better of its size is kept."""
    _execute(
        connection,
        "update ops.repositories set organisation_id = %(id)s,"
        " records_estimate = coalesce(records_estimate, %(estimate)s)"
        " where repository_id = %(repository_id)s",
        id=organisation_id, repository_id=repository_id, estimate=records_estimate,
    )  # fmt: skip


def _one(connection: Connection, statement: LiteralString, **values: Any) -> Organisation | None:
    cursor = driver(connection).cursor(row_factory=class_row(Organisation))
    return cursor.execute(statement, {"readable": None, **values}).fetchone()


def _all(connection: Connection, statement: LiteralString, **values: Any) -> list[Organisation]:
    cursor = driver(connection).cursor(row_factory=class_row(Organisation))
    return cursor.execute(statement, {"readable": None, **values}).fetchall()


def _execute(connection: Connection, statement: LiteralString, **values: Any) -> None:
    driver(connection).execute(statement, values)
