"""People who have logged in, and which private repositories GitHub shows them."""
# ruff: noqa: S608 - the only thing put into SQL text is our own list of columns

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import class_row

from gitinsight.errors import NotFound
from gitinsight.principal import Role
from warehouse.engine import Connection, driver

_COLUMNS: LiteralString = (
    "user_id, host, github_id, login, role, created_at, last_login_at, sealed_token, readable_until"
)
_ONE_BY_ONE = 7_105_230


@dataclass(frozen=True, slots=True)
class User:
    """``sealed_token`` is GitHub's, encrypted; null where there is none that works."""

    user_id: int
    host: str
    github_id: int
    login: str
    role: str
    created_at: datetime
    last_login_at: datetime
    sealed_token: bytes | None
    readable_until: datetime | None


def log_in(
    connection: Connection, *, host: str, github_id: int, login: str, sealed_token: bytes,
    admins: Collection[str], at: datetime,
) -> User:  # fmt: skip
    """The user whose account this is, a new one where it is not known. An admin is who is named as
    one; where nobody is, the first user of all.
    """
    raw = driver(connection)
    # Two first ones at once would both be admins.
    raw.execute("select pg_advisory_xact_lock(%s)", (_ONE_BY_ONE,))
    is_named = login.lower() in {one.lower() for one in admins}
    is_first = raw.execute("select from auth.users limit 1").fetchone() is None
    is_admin = is_named or (is_first and not admins)
    user = _one(
        connection,
        "insert into auth.users"
        " (host, github_id, login, role, created_at, last_login_at, sealed_token)"
        " values (%(host)s, %(github_id)s, %(login)s, %(role)s, %(at)s, %(at)s, %(token)s)"
        " on conflict (host, github_id) do update set login = excluded.login,"
        " last_login_at = excluded.last_login_at, sealed_token = excluded.sealed_token,"
        " role = case when %(is_named)s then excluded.role else users.role end,"
        " readable_until = null"
        f" returning {_COLUMNS}",
        host=host, github_id=github_id, login=login, token=sealed_token, at=at,
        role=(Role.ADMIN if is_admin else Role.VIEWER).word, is_named=is_named,
    )  # fmt: skip
    if user is None:
        raise NotFound(f"user {login}")
    return user


def by_id(connection: Connection, user_id: int) -> User:
    found = _one(
        connection, f"select {_COLUMNS} from auth.users where user_id = %(id)s", id=user_id
    )
    if found is None:
        raise NotFound(f"user {user_id}")
    return found


def several(connection: Connection, *, limit: int = 50, after: int = 0) -> list[User]:
    """In the order of their first logins."""
    cursor = driver(connection).cursor(row_factory=class_row(User))
    return cursor.execute(
        f"select {_COLUMNS} from auth.users where user_id > %s order by user_id limit %s",
        (after, limit),
    ).fetchall()


def set_role(connection: Connection, user_id: int, role: Role) -> User:
    """Every key and every session of the user is worth no more from now on. Of two admins who take
    the role from each other one waits here, and sees then what the other did.
    """
    raw = driver(connection)
    raw.execute("select pg_advisory_xact_lock(%s)", (_ONE_BY_ONE,))
    raw.execute("update auth.users set role = %s where user_id = %s", (role.word, user_id))
    return by_id(connection, user_id)


def has_admin(connection: Connection) -> bool:
    found = driver(connection).execute(
        "select from auth.users where role = %s limit 1", (Role.ADMIN.word,)
    )
    return found.fetchone() is not None


def drop_token(connection: Connection, user_id: int) -> None:
    """GitHub takes it no longer; the next login brings another one."""
    driver(connection).execute(
        "update auth.users set sealed_token = null where user_id = %s", (user_id,)
    )


def record_readable(
    connection: Connection, user_id: int, github_ids: Collection[int], *, until: datetime
) -> None:
    """What GitHub shows the user of what is private, all of it."""
    raw = driver(connection)
    # Who asks at the same time has the same answer; rows are written by one of them at a time.
    raw.execute("select from auth.users where user_id = %s for update", (user_id,))
    raw.execute("delete from auth.readable_repositories where user_id = %s", (user_id,))
    raw.execute(
        "insert into auth.readable_repositories (user_id, github_id)"
        " select %s, unnest(%s::bigint[])",
        (user_id, sorted(set(github_ids))),
    )
    raw.execute("update auth.users set readable_until = %s where user_id = %s", (until, user_id))


def readable(connection: Connection, user_id: int) -> frozenset[int]:
    """Private repositories, by our own ids, that GitHub showed the user when it was asked last."""
    found = driver(connection).execute(
        "select r.repository_id from auth.readable_repositories a"
        " join auth.users u using (user_id)"
        " join ops.repositories r on r.host = u.host and r.github_id = a.github_id"
        " where a.user_id = %s and r.is_private",
        (user_id,),
    )
    return frozenset(repository_id for (repository_id,) in found)


def _one(connection: Connection, statement: LiteralString, **values: Any) -> User | None:
    cursor = driver(connection).cursor(row_factory=class_row(User))
    return cursor.execute(statement, values).fetchone()
