"""The keys that access tokens are signed with, for every process: public ones as they are."""
# ruff: noqa: S608 - the only thing put into SQL text is our own list of columns

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row

from warehouse.engine import Connection, driver

_ONE_BY_ONE = 7_105_231
_COLUMNS: LiteralString = "kid, public_key, sealed_private_key, created_at"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """``public_key`` is a JWK."""

    kid: str
    public_key: str
    sealed_private_key: bytes
    created_at: datetime


def current(
    connection: Connection, make: Callable[[], SigningKey], *, oldest: datetime
) -> SigningKey:
    """The one that signs: the newest, and a new one where that was made before ``oldest``."""
    raw = driver(connection)
    raw.execute("select pg_advisory_xact_lock(%s)", (_ONE_BY_ONE,))
    cursor = raw.cursor(row_factory=class_row(SigningKey))
    newest = cursor.execute(
        f"select {_COLUMNS} from auth.signing_keys order by created_at desc, kid limit 1"
    ).fetchone()
    if newest is not None and newest.created_at > oldest:
        return newest
    made = make()
    raw.execute(
        f"insert into auth.signing_keys ({_COLUMNS}) values (%s, %s, %s, %s)",
        (made.kid, made.public_key, made.sealed_private_key, made.created_at),
    )
    return made


def good(connection: Connection, *, replaced_after: datetime) -> list[SigningKey]:
    """Those by which a token may be signed that is good still: the newest, and those that were
    replaced after that.
    """
    cursor = driver(connection).cursor(row_factory=class_row(SigningKey))
    return cursor.execute(
        f"select {_COLUMNS} from (select *, lag(created_at) over (order by created_at desc, kid)"
        " as replaced_at from auth.signing_keys) k"
        " where replaced_at is null or replaced_at > %s order by created_at desc, kid",
        (replaced_after,),
    ).fetchall()
