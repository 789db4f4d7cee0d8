"""Access tokens: short-lived, signed with a key that only its own kind is checked by."""

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import OKPAlgorithm

from gitinsight.clock import now
from gitinsight.errors import Unauthorised
from gitinsight.vault import Vault
from warehouse import signing_keys
from warehouse.engine import UNREACHABLE, Engine
from warehouse.signing_keys import SigningKey

_ALGORITHM = "EdDSA"
AUDIENCE = "gitinsight-api"
_CLAIMS = ["iss", "aud", "sub", "sid", "iat", "exp"]
_SIGNS_FOR = timedelta(days=30)
_LOOKED_AT = timedelta(minutes=10)
"""So often a process asks which key signs now, and signs with one that was replaced meanwhile."""
_UNKNOWN_SECONDS = 5.0
"""Made-up names of keys do not make it ask the warehouse more often than this."""
_AWAY_SECONDS = 1.0
"""So long nobody waits anew for a warehouse that has not answered."""
_WRONG = "the access token is wrong or has expired"

_Jwk: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Claims:
    user_id: int
    session_id: UUID
    expires_at: datetime


class Tokens:
    """Safe to share between threads."""

    def __init__(
        self, engine: Engine, vault: Callable[[], Vault], *, issuer: str, life: timedelta
    ) -> None:
        """``vault`` is asked for when there is something to seal or to open."""
        self.life = life
        self._engine = engine
        self._vault = vault
        self._issuer = issuer
        self._lock = threading.Lock()
        self._signer: tuple[str, Ed25519PrivateKey] | None = None
        self._signer_until = 0.0
        self._public: dict[str, Ed25519PublicKey] = {}
        self._asked_at = -_UNKNOWN_SECONDS
        self._away: Exception | None = None
        self._away_until = 0.0

    def issue(self, user_id: int, session_id: UUID, *, at: datetime) -> str:
        kid, private = self._signing()
        claims = {
            "iss": self._issuer, "aud": AUDIENCE, "sub": str(user_id), "sid": str(session_id),
            "iat": at, "exp": at + self.life, "jti": secrets.token_hex(8),
        }  # fmt: skip
        return jwt.encode(claims, private, algorithm=_ALGORITHM, headers={"kid": kid})

    def verify(self, token: str) -> Claims:
        """Unauthorised for whatever was not signed here, for this, and lately."""
        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") != _ALGORITHM:
                raise Unauthorised(_WRONG, known=False)
            key = self._key(head.get("kid"))
            claims = jwt.decode(
                token, key, algorithms=[_ALGORITHM], audience=AUDIENCE, issuer=self._issuer,
                # The clock of the host that has issued it may be ahead of this one's.
                options={"require": _CLAIMS, "verify_iat": False},
            )  # fmt: skip
            return Claims(
                int(claims["sub"]), UUID(claims["sid"]),
                datetime.fromtimestamp(claims["exp"], tz=UTC),
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError) as error:
            raise Unauthorised(_WRONG, known=False) from error

    def published(self) -> list[_Jwk]:
        """The public halves of all that a good token may be signed with."""
        self._signing()
        return [json.loads(one.public_key) for one in self._good()]

    def _key(self, kid: object) -> Ed25519PublicKey:
        if not isinstance(kid, str):
            raise Unauthorised(_WRONG, known=False)
        known = self._public.get(kid)
        if known is None:  # of those who wait for the warehouse none is one that is known
            with self._lock:
                known = self._asked_for(kid)
        if known is None:
            raise Unauthorised(_WRONG, known=False)
        return known

    def _asked_for(self, kid: str) -> Ed25519PublicKey | None:
        if kid not in self._public and time.monotonic() - self._asked_at >= _UNKNOWN_SECONDS:
            if self._away is not None and time.monotonic() < self._away_until:
                raise self._away.with_traceback(None)
            try:
                self._public = {one.kid: _public(one) for one in self._good()}
            except UNREACHABLE as error:
                self._away, self._away_until = error, time.monotonic() + _AWAY_SECONDS
                raise
            # It was answered: what is still not known then is none.
            self._asked_at = time.monotonic()
        return self._public.get(kid)

    def _good(self) -> list[SigningKey]:
        with self._engine.begin() as connection:
            # Twice the time that it may sign: hosts do not agree on what time it is.
            replaced_after = now() - self.life - 2 * _LOOKED_AT
            return signing_keys.good(connection, replaced_after=replaced_after)

    def _signing(self) -> tuple[str, Ed25519PrivateKey]:
        with self._lock:
            if self._signer is None or time.monotonic() >= self._signer_until:
                with self._engine.begin() as connection:
                    held = signing_keys.current(connection, self._made, oldest=now() - _SIGNS_FOR)
                opened = self._vault().open(held.sealed_private_key)
                private = load_pem_private_key(opened, password=None)
                if not isinstance(private, Ed25519PrivateKey):
                    raise TypeError(type(private).__name__)
                self._signer = held.kid, private
                self._signer_until = time.monotonic() + _LOOKED_AT.total_seconds()
                self._public[held.kid] = private.public_key()
            return self._signer

    def _made(self) -> SigningKey:
        private, kid = Ed25519PrivateKey.generate(), secrets.token_hex(8)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
        told = {**public, "kid": kid, "use": "sig", "alg": _ALGORITHM}
        return SigningKey(kid, json.dumps(told), self._vault().seal(pem), now())


def _public(key: SigningKey) -> Ed25519PublicKey:
    made = OKPAlgorithm.from_jwk(key.public_key)
    if not isinstance(made, Ed25519PublicKey):
        raise TypeError(type(made).__name__)
    return made
