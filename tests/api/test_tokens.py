"""Access tokens: good ones are few, and there are many ways to make one that is not."""

import base64
import hmac
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import OKPAlgorithm
from sqlalchemy import create_engine

from api import tokens as tokens_module
from api.tokens import AUDIENCE, Tokens
from gitinsight.clock import now
from gitinsight.errors import BrokenEnvironment, Unauthorised
from gitinsight.vault import Vault, new_key
from tests.support.databases import empty
from tests.support.outages import away
from tests.support.rows import value
from warehouse.engine import UNREACHABLE, Engine

ISSUER = "https://gitinsight.test"
SESSION = uuid4()
LIFE = timedelta(minutes=10)
VAULT = Vault([new_key()])


@pytest.fixture
def warehouse(library: Engine) -> Engine:
    empty(library, "auth.signing_keys")
    return library


def tokens_of(
    warehouse: Engine, *, issuer: str = ISSUER, vault: Vault = VAULT, life: timedelta = LIFE
) -> Tokens:
    return Tokens(warehouse, lambda: vault, issuer=issuer, life=life)


@pytest.fixture
def tokens(warehouse: Engine) -> Tokens:
    return tokens_of(warehouse)


def claims(**other: Any) -> dict[str, Any]:
    return {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "1", "sid": str(SESSION), "iat": now(),
        "exp": now() + LIFE, **other,
    }  # fmt: skip


def raw(head: dict[str, Any], body: dict[str, Any], signature: bytes = b"") -> str:
    told = {
        name: one.timestamp() if isinstance(one, datetime) else one for name, one in body.items()
    }
    parts = [json.dumps(head).encode(), json.dumps(told).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts)


def test_what_was_issued_is_verified_in_every_process(warehouse: Engine, tokens: Tokens) -> None:
    token = tokens.issue(7, SESSION, at=now())

    found = tokens_of(warehouse).verify(token)

    assert (found.user_id, found.session_id) == (7, SESSION)
    assert timedelta(0) < found.expires_at - now() <= LIFE
    assert isinstance(found.session_id, UUID)


def test_the_published_keys_verify_it_and_hold_nothing_private(tokens: Tokens) -> None:
    token = tokens.issue(7, SESSION, at=now())
    (published,) = tokens.published()

    key = jwt.PyJWK(dict(published))
    assert jwt.decode(token, key, algorithms=["EdDSA"], audience=AUDIENCE)["sub"] == "7"
    assert set(published) == {"kty", "crv", "x", "kid", "use", "alg"}


def test_the_private_key_is_stored_sealed(warehouse: Engine, tokens: Tokens) -> None:
    tokens.issue(7, SESSION, at=now())
    sealed = value(warehouse, "select sealed_private_key from auth.signing_keys")

    assert b"PRIVATE KEY" not in bytes(sealed)
    with pytest.raises(BrokenEnvironment):
        tokens_of(warehouse, vault=Vault([new_key()])).issue(7, SESSION, at=now())


def test_after_a_rotation_a_new_key_signs_and_the_old_one_verifies_for_a_while(
    warehouse: Engine, tokens: Tokens
) -> None:
    token = tokens.issue(7, SESSION, at=now())
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update auth.signing_keys set created_at = now() - interval '31 days'"
        )
    rotated = tokens_of(warehouse)

    newer = rotated.issue(7, SESSION, at=now())

    heads = [jwt.get_unverified_header(one)["kid"] for one in (token, newer)]
    assert heads[0] != heads[1]
    assert rotated.verify(token).user_id == 7
    assert [one["kid"] for one in rotated.published()] == heads[::-1]
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update auth.signing_keys set created_at = created_at - interval '1 hour'"
        )
    assert [one["kid"] for one in rotated.published()] == heads[1:]


def test_what_is_signed_with_a_key_that_was_replaced_meanwhile_is_good_to_its_end(
    warehouse: Engine,
) -> None:
    """A process looks now and then which key signs; its tokens may be shorter-lived than that."""
    signs, looks = (tokens_of(warehouse, life=timedelta(minutes=1)) for _ in range(2))
    signs.issue(7, SESSION, at=now())
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update auth.signing_keys set created_at = now() - interval '31 days'"
        )
    looks.published()
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update auth.signing_keys set created_at = created_at - interval '9 minutes'"
        )

    assert looks.verify(signs.issue(7, SESSION, at=now())).user_id == 7


def test_a_host_whose_clock_is_ahead_issues_good_tokens(tokens: Tokens) -> None:
    assert tokens.verify(tokens.issue(7, SESSION, at=now() + timedelta(seconds=5))).user_id == 7


def test_while_the_warehouse_is_away_no_token_is_called_wrong(
    warehouse: Engine, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens_module, "_AWAY_SECONDS", 0.0)
    token, started = tokens.issue(7, SESSION, at=now()), tokens_of(warehouse)
    with away(warehouse.url.set(drivername="postgresql").render_as_string(hide_password=False)):
        for _ in range(2):
            with pytest.raises(UNREACHABLE):
                started.verify(token)

    assert started.verify(token).user_id == 7


def test_who_is_known_waits_for_no_warehouse_and_many_who_are_not_wait_for_it_once(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, made_up = tokens.issue(7, SESSION, at=now()), raw({"alg": "EdDSA", "kid": "x"}, claims())

    def refused(_: int) -> None:
        with pytest.raises(UNREACHABLE):
            tokens.verify(made_up)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://nobody@127.0.0.1:{silent.getsockname()[1]}/x?connect_timeout=2"
        monkeypatch.setattr(tokens, "_engine", create_engine(url))
        started = time.monotonic()
        with ThreadPoolExecutor(8) as strangers:
            waiting = strangers.map(refused, range(8))
            time.sleep(0.2)
            assert tokens.verify(token).user_id == 7
            assert time.monotonic() - started < 1
            list(waiting)

    assert time.monotonic() - started < 6


def test_what_has_expired_is_refused(tokens: Tokens) -> None:
    with pytest.raises(Unauthorised):
        tokens.verify(tokens.issue(7, SESSION, at=now() - 2 * LIFE))


def test_of_another_issuer_it_is_refused(warehouse: Engine, tokens: Tokens) -> None:
    with pytest.raises(Unauthorised):
        tokens.verify(tokens_of(warehouse, issuer="https://other").issue(7, SESSION, at=now()))


class TestForgery:
    @pytest.mark.parametrize("algorithm", ["none", "NONE", "nOnE", "", None, 1])
    def test_without_a_signature_it_is_refused(self, tokens: Tokens, algorithm: object) -> None:
        kid = tokens.published()[0]["kid"]

        for token in (
            raw({"alg": algorithm, "kid": kid}, claims()),
            raw({"alg": algorithm, "kid": kid}, claims(), b"x"),
            raw({"alg": "EdDSA", "kid": kid}, claims()),
        ):
            with pytest.raises(Unauthorised):
                tokens.verify(token)

    @pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
    def test_signed_with_the_public_key_as_a_secret_it_is_refused(
        self, tokens: Tokens, algorithm: str
    ) -> None:
        """The public key is what everybody knows."""
        (published,) = tokens.published()
        key = OKPAlgorithm.from_jwk(dict(published))
        public = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[union-attr,arg-type,call-arg]
        head = {"alg": algorithm, "kid": published["kid"], "typ": "JWT"}
        for secret in (public, json.dumps(published).encode(), published["x"].encode()):
            unsigned = raw(head, claims()).rpartition(".")[0]
            mac = hmac.digest(secret, unsigned.encode(), algorithm.lower().replace("hs", "sha"))
            signature = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

            with pytest.raises(Unauthorised):
                tokens.verify(f"{unsigned}.{signature}")

    def test_signed_with_another_key_it_is_refused_whatever_it_says_of_it(
        self, tokens: Tokens
    ) -> None:
        own = Ed25519PrivateKey.generate()
        kid = tokens.published()[0]["kid"]
        jwk = OKPAlgorithm.to_jwk(own.public_key(), as_dict=True)
        for head in (
            {"kid": kid}, {"kid": "made-up"}, {}, {"kid": kid, "jwk": jwk},
            {"kid": "../../dev/null"}, {"kid": "' or 1=1 --"},
            {"kid": kid, "jku": "https://evil.example/jwks.json"},
        ):  # fmt: skip
            with pytest.raises(Unauthorised):
                tokens.verify(jwt.encode(claims(), own, algorithm="EdDSA", headers=head))

    @pytest.mark.parametrize(
        "other",
        [
            {"iss": "https://evil.example"}, {"iss": None}, {"aud": "another"}, {"aud": None},
            {"exp": 0}, {"exp": "never"}, {"exp": None}, {"sub": None}, {"sid": None},
            {"sid": "no-uuid"}, {"sub": "admin"}, {"iat": None},
            {"nbf": datetime(2999, 1, 1, tzinfo=UTC)},
        ],
    )  # fmt: skip
    def test_with_other_claims_it_is_refused(
        self, tokens: Tokens, other: dict[str, object]
    ) -> None:
        """Even where our own key has signed them."""
        kid, private = tokens._signing()  # noqa: SLF001 - nobody else can sign like this
        told = {name: one for name, one in claims(**other).items() if one is not None}
        if other.get("sub") == "admin":
            told["sub"] = "admin"
        good = jwt.encode(claims(), private, algorithm="EdDSA", headers={"kid": kid})
        bad = jwt.encode(told, private, algorithm="EdDSA", headers={"kid": kid})

        assert tokens.verify(good).user_id == 1
        with pytest.raises(Unauthorised):
            tokens.verify(bad)

    @pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "é.é.é", "." * 9_000, "e30.e30.e30"])
    def test_what_is_no_token_is_refused(self, tokens: Tokens, text: str) -> None:
        with pytest.raises(Unauthorised):
            tokens.verify(text)

    def test_one_that_was_changed_is_refused(self, tokens: Tokens) -> None:
        head, body, signature = tokens.issue(7, SESSION, at=now()).split(".")
        told = json.loads(base64.urlsafe_b64decode(body + "=="))
        changed = base64.urlsafe_b64encode(json.dumps(told | {"sub": "1"}).encode())

        with pytest.raises(Unauthorised):
            tokens.verify(f"{head}.{changed.rstrip(b'=').decode()}.{signature}")

    def test_made_up_names_of_keys_do_not_keep_the_warehouse_busy(
        self, warehouse: Engine, tokens: Tokens
    ) -> None:
        """It is asked about the first one, and cannot be asked about the others."""
        made_up = [
            jwt.encode(claims(), Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": str(kid)})
            for kid in range(9)
        ]
        with pytest.raises(Unauthorised):
            tokens.verify(made_up.pop())
        with warehouse.begin() as connection:
            connection.exec_driver_sql("alter table auth.signing_keys rename to away")
        try:
            for token in made_up:
                with pytest.raises(Unauthorised):
                    tokens.verify(token)
        finally:
            with warehouse.begin() as connection:
                connection.exec_driver_sql("alter table auth.away rename to signing_keys")
