"""Keys for programs: shown once, kept as digests, never worth more than their owner."""
# ruff: noqa: S608 - the only thing put into SQL text is our own list of columns

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any, LiteralString, cast

from psycopg.rows import class_row

from gitinsight.errors import NotFound
from gitinsight.principal import KeyScope, Principal, Role, Scope
from warehouse.engine import Connection, driver
from warehouse.sessions import digest

PREFIX = "gi_"
_BYTES = 32
_SHOWN = len(PREFIX) + 6
_COLUMNS: LiteralString = (
    "key_id, user_id, name, shown, role, scopes, created_at, expires_at, last_used_at, revoked_at"
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """``shown`` is how it begins; ``user_id`` is null for those made with the local admin key."""

    key_id: int
    user_id: int | None
    name: str
    shown: str
    role: str
    scopes: list[KeyScope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def create(
    connection: Connection, *, user_id: int | None, name: str, role: Role,
    scopes: Collection[KeyScope], at: datetime, expires_at: datetime,
) -> tuple[ApiKey, str]:  # fmt: skip
    """The key, and its text, which nobody can tell afterwards."""
    text = PREFIX + token_urlsafe(_BYTES)
    made = _all(
        connection,
        "insert into auth.api_keys"
        " (user_id, name, shown, digest, role, scopes, created_at, expires_at) values"
        " (%(user_id)s, %(name)s, %(shown)s, %(digest)s, %(role)s, %(scopes)s, %(at)s, %(until)s)"
        f" returning {_COLUMNS}",
        user_id=user_id, name=name, shown=text[:_SHOWN], digest=digest(text), role=role.word,
        scopes=sorted(set(scopes)), at=at, until=expires_at,
    )  # fmt: skip
    return made[0], text


def several(
    connection: Connection, *, user_id: int | None, of_all: bool, limit: int = 50, after: int = 0
) -> list[ApiKey]:
    """In the order they were made: those of one owner, or of all."""
    return _all(
        connection,
        f"select {_COLUMNS} from auth.api_keys where key_id > %(after)s"
        " and (%(of_all)s or user_id is not distinct from %(user_id)s)"
        " order by key_id limit %(limit)s",
        user_id=user_id, of_all=of_all, limit=limit, after=after,
    )  # fmt: skip


def revoke(
    connection: Connection, key_id: int, *, user_id: int | None, of_all: bool, at: datetime
) -> ApiKey:
    """From now on, for every process; NotFound where it is somebody else's."""
    revoked = _all(
        connection,
        "update auth.api_keys set revoked_at = coalesce(revoked_at, %(at)s)"
        " where key_id = %(key_id)s and (%(of_all)s or user_id is not distinct from %(user_id)s)"
        f" returning {_COLUMNS}",
        key_id=key_id, user_id=user_id, of_all=of_all, at=at,
    )  # fmt: skip
    if not revoked:
        raise NotFound(f"key {key_id}")
    return revoked[0]


def principal_of(connection: Connection, text: str, *, at: datetime) -> tuple[Principal, datetime]:
    """Who holds this key, and until when; NotFound where it is none, none any more, or revoked.
    It may do no more than its owner may now.
    """
    found = (
        driver(connection)
        .execute(
            "select k.key_id, k.user_id, k.role, k.scopes, k.expires_at, u.role"
            " from auth.api_keys k left join auth.users u using (user_id)"
            " where k.digest = %s and k.revoked_at is null and k.expires_at > %s"
            " and (k.user_id is null or u.user_id is not null)",
            (digest(text), at),
        )
        .fetchone()
    )
    if found is None:
        raise NotFound("key")
    key_id, user_id, role, scopes, expires_at, owner_role = found
    # To the minute: a row is not written for every request.
    driver(connection).execute(
        "update auth.api_keys set last_used_at = %(at)s where key_id = %(id)s"
        " and (last_used_at is null or last_used_at < %(at)s - interval '1 minute')",
        {"at": at, "id": key_id},
    )
    worth = min(Role.of(role), Role.of(owner_role)) if owner_role else Role.of(role)
    scoped = cast(frozenset[Scope], frozenset(scopes))
    return Principal(f"key:{key_id}", worth, scoped, user_id=user_id), expires_at


def _all(connection: Connection, statement: LiteralString, **values: Any) -> list[ApiKey]:
    cursor = driver(connection).cursor(row_factory=class_row(ApiKey))
    return cursor.execute(statement, values).fetchall()
