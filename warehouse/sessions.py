"""Logins: each is a family of refresh tokens, of which only the newest is good, and only once."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Literal
from uuid import UUID, uuid4

from warehouse.engine import Connection, driver

_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """``token`` is shown to its holder now, and is nowhere else."""

    session_id: UUID
    user_id: int
    token: str


Refusal = Literal["unknown", "expired", "ended", "reused"]


def begin(
    connection: Connection, user_id: int, *, address: str | None, at: datetime, until: datetime
) -> Session:
    session_id = uuid4()
    driver(connection).execute(
        "insert into auth.sessions (session_id, user_id, created_at, address)"
        " values (%s, %s, %s, %s)",
        (session_id, user_id, at, address),
    )
    return _issued(connection, session_id, user_id, at=at, until=until)


def refresh(
    connection: Connection, token: str, *, at: datetime, until: datetime
) -> Session | Refusal:
    """The next token of the family. One that was used before was stolen, by whoever used it first
    or by whoever does now: the family ends. The caller has to commit that, too.
    """
    raw = driver(connection)
    found = raw.execute(
        "select t.session_id, s.user_id, t.used_at is not null, t.expires_at <= %s,"
        " s.revoked_at is not null from auth.refresh_tokens t"
        " join auth.sessions s using (session_id) where t.digest = %s for update of t, s",
        (at, digest(token)),
    ).fetchone()
    if found is None:
        return "unknown"
    session_id, user_id, is_used, is_expired, is_ended = found
    if is_ended:
        return "ended"
    if is_used:
        end(connection, session_id, reason="reuse", at=at)
        return "reused"
    if is_expired:
        return "expired"
    raw.execute(
        "update auth.refresh_tokens set used_at = %s where digest = %s", (at, digest(token))
    )
    return _issued(connection, session_id, user_id, at=at, until=until)


def end(
    connection: Connection, session_id: UUID, *, reason: Literal["logout", "reuse"], at: datetime
) -> None:
    """Neither its refresh tokens nor its access tokens are good from now on."""
    driver(connection).execute(
        "update auth.sessions set revoked_at = %s, revoked_reason = %s"
        " where session_id = %s and revoked_at is null",
        (at, reason, session_id),
    )


def of_token(connection: Connection, token: str) -> UUID | None:
    """Whose family a refresh token is of."""
    found = (
        driver(connection)
        .execute("select session_id from auth.refresh_tokens where digest = %s", (digest(token),))
        .fetchone()
    )
    return None if found is None else found[0]


def role_of(connection: Connection, session_id: UUID, user_id: int) -> str | None:
    """What its user may do now; None where it has ended."""
    found = (
        driver(connection)
        .execute(
            "select u.role from auth.sessions s join auth.users u using (user_id)"
            " where s.session_id = %s and s.user_id = %s and s.revoked_at is null",
            (session_id, user_id),
        )
        .fetchone()
    )
    return None if found is None else found[0]


def digest(token: str) -> bytes:
    """Of a random text nothing slower is needed: it cannot be guessed."""
    return sha256(token.encode()).digest()


def _issued(
    connection: Connection, session_id: UUID, user_id: int, *, at: datetime, until: datetime
) -> Session:
    token = token_urlsafe(_BYTES)
    driver(connection).execute(
        "insert into auth.refresh_tokens (digest, session_id, issued_at, expires_at)"
        " values (%s, %s, %s, %s)",
        (digest(token), session_id, at, until),
    )
    return Session(session_id, user_id, token)
