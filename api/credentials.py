"""Who asks: the admin key, an API key or an access token, made a principal.

What was verified lately is remembered, for as long as this process hears who lost his rights.
"""

import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from api.tokens import Tokens
from gitinsight.clock import now
from gitinsight.errors import NotFound, Unauthorised
from gitinsight.principal import ADMIN, SCOPES, Principal, Role
from warehouse import api_keys, sessions
from warehouse.api_keys import PREFIX
from warehouse.engine import Engine

_REMEMBERED_SECONDS = 30.0
_TRUSTED_SECONDS = 0.9
_MOST = 4_096
MISSING = "this needs a key: Authorization: Bearer KEY"
_TOKEN_DOTS = 2


class Credentials:
    """``open_`` is whether everybody may read here. Safe to share between threads."""

    def __init__(
        self, *, admin_key: str | None, is_open: bool, engine: Engine, tokens: Tokens,
        readable: Callable[[int], frozenset[int]],
    ) -> None:  # fmt: skip
        self.is_open = is_open
        self._admin_key = admin_key
        self._engine = engine
        self._tokens = tokens
        self._readable = readable
        self._known: dict[bytes, tuple[Principal, float]] = {}
        self._lock = threading.Lock()
        self._generation = 0
        self._trusted_until = 0.0

    def remembered(self, authorization: str) -> Principal | None:
        """Never waits for anything."""
        given = _bearer(authorization)
        if given and self._is_admin_key(given):
            return ADMIN
        known = self._known.get(_digest(authorization))
        if known is None or time.monotonic() >= min(known[1], self._trusted_until):
            return None
        return known[0]

    def principal(self, authorization: str) -> Principal:
        """Unauthorised where it is none, none any more, or not there at all."""
        remembered = self.remembered(authorization)
        if remembered is not None:
            return remembered
        given = _bearer(authorization)
        if not given:
            raise Unauthorised(MISSING, known=False)
        generation = self._generation
        if given.startswith(PREFIX):
            principal, until = self._of_key(given)
        elif given.count(".") == _TOKEN_DOTS:
            principal, until = self._of_token(given)
        else:
            raise Unauthorised("the key is wrong", known=False)
        if principal.user_id is not None:
            principal = replace(principal, readable=self._readable(principal.user_id))
        self._remember(authorization, principal, until, generation)
        return principal

    def until(self, authorization: str) -> float | None:
        """How long, by the monotonic clock, the right to read what is shared may be remembered
        without a look at it; None where that is not certain now.
        """
        principal = self.remembered(authorization)
        if principal is None or principal.lacks(Role.VIEWER, "read") is not None:
            return None
        # Who sees more than what is shared is answered from more than what is shared.
        return self._trusted_until if principal.readable == frozenset() else None

    def trust(self, since: float) -> None:
        """Whatever was announced until then has been heard."""
        self._trusted_until = since + _TRUSTED_SECONDS

    def forget_all(self) -> None:
        """Somebody has lost a right, or that may have been missed."""
        with self._lock:
            self._generation += 1
            self._known.clear()

    def _of_key(self, given: str) -> tuple[Principal, datetime]:
        with self._engine.begin() as connection:
            try:
                return api_keys.principal_of(connection, given, at=now())
            except NotFound as error:
                raise Unauthorised("the key is wrong, revoked or expired", known=False) from error

    def _of_token(self, given: str) -> tuple[Principal, datetime]:
        claims = self._tokens.verify(given)
        with self._engine.begin() as connection:
            role = sessions.role_of(connection, claims.session_id, claims.user_id)
        if role is None:
            raise Unauthorised("this login has ended", known=False)
        principal = Principal(
            f"user:{claims.user_id}", Role.of(role), frozenset(SCOPES), user_id=claims.user_id,
            session_id=claims.session_id,
        )  # fmt: skip
        return principal, claims.expires_at

    def _remember(
        self, authorization: str, principal: Principal, expires_at: datetime, generation: int
    ) -> None:
        left = min((expires_at - now()).total_seconds(), _REMEMBERED_SECONDS)
        with self._lock:
            if generation != self._generation:
                return
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[_digest(authorization)] = principal, time.monotonic() + left

    def _is_admin_key(self, given: str) -> bool:
        key = self._admin_key
        return key is not None and hmac.compare_digest(given.encode(), key.encode())


def _bearer(authorization: str) -> str:
    scheme, _, given = authorization.partition(" ")
    return given if scheme.lower() == "bearer" else ""


def _digest(authorization: str) -> bytes:
    """What is remembered is not the secret itself."""
    return blake2b(authorization.encode(), digest_size=16).digest()
