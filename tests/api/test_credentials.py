"""What is remembered of who asked, and what is not."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from api.credentials import Credentials
from api.tokens import Tokens
from gitinsight.clock import now
from gitinsight.errors import Unauthorised
from gitinsight.principal import ADMIN, KeyScope, Role
from gitinsight.vault import Vault, new_key
from tests.support.rows import value
from warehouse import api_keys, sessions, users
from warehouse.engine import Engine

UNTIL = now() + timedelta(days=1)


class World:
    """The credentials of one process, and what they rest on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.readable: frozenset[int] = frozenset()
        vault = Vault([new_key()])
        self.tokens = Tokens(engine, lambda: vault, issuer="i", life=timedelta(minutes=10))

    def credentials(self, *, is_open: bool = False) -> Credentials:
        made = Credentials(
            admin_key="the-key", is_open=is_open, engine=self.engine, tokens=self.tokens,
            readable=lambda _: self.readable,
        )  # fmt: skip
        made.trust(time.monotonic() + 60)
        return made

    def key(self, *scopes: KeyScope) -> str:
        with self.engine.begin() as connection:
            _, text = api_keys.create(
                connection, user_id=1, name="k", role=Role.ANALYST, scopes=scopes or ("read",),
                at=now(), expires_at=UNTIL,
            )  # fmt: skip
        return f"Bearer {text}"

    def execute(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statement)


@pytest.fixture
def world(warehouse: Engine) -> Iterator[World]:
    with warehouse.begin() as connection:
        users.log_in(
            connection, host="h", github_id=1, login="ada", sealed_token=b"x", admins=(), at=now()
        )
    return World(warehouse)


def test_a_key_a_login_and_the_admin_are_who_they_are(world: World) -> None:
    credentials = world.credentials()
    with world.engine.begin() as connection:
        session = sessions.begin(connection, 1, address=None, at=now(), until=UNTIL)
    token = world.tokens.issue(1, session.session_id, at=now())

    found = [credentials.principal(one) for one in
             (world.key(), f"bearer {token}", "Bearer the-key")]  # fmt: skip

    assert [one.name for one in found] == ["key:1", "user:1", "admin"]
    assert [one.role for one in found] == [Role.ANALYST, Role.ADMIN, Role.ADMIN]
    assert found[2] is ADMIN


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic the-key", "the-key", "Bearer the-keyx", "Bearer gi_made-up",
     "Bearer a.b.c", "Bearer ключ"],
)  # fmt: skip
def test_what_proves_nothing_is_refused(world: World, authorization: str) -> None:
    credentials = world.credentials()

    assert credentials.remembered(authorization) is None
    with pytest.raises(Unauthorised) as caught:
        credentials.principal(authorization)
    assert not caught.value.known


def test_without_an_admin_key_nothing_is_one(world: World) -> None:
    credentials = Credentials(
        admin_key=None, is_open=False, engine=world.engine, tokens=world.tokens,
        readable=lambda _: frozenset(),
    )  # fmt: skip
    for given in ("Bearer ", "Bearer None", "Bearer"):
        with pytest.raises(Unauthorised):
            credentials.principal(given)


def test_it_is_remembered_until_something_is_announced_or_may_have_been_missed(
    world: World,
) -> None:
    credentials, key = world.credentials(), world.key()
    credentials.principal(key)
    world.execute("alter table auth.api_keys rename to away")
    assert credentials.principal(key).name == "key:1"

    credentials.trust(time.monotonic() - 60)
    assert credentials.remembered(key) is None
    credentials.trust(time.monotonic())
    assert credentials.remembered(key) is not None
    credentials.forget_all()
    assert credentials.remembered(key) is None


def test_what_was_read_before_a_right_was_lost_is_not_remembered_after(world: World) -> None:
    credentials, key = world.credentials(), world.key()

    def lose(_: int) -> frozenset[int]:
        credentials.forget_all()
        return frozenset()

    credentials._readable = lose  # noqa: SLF001 - between what is read and what is remembered
    credentials.principal(key)

    assert credentials.remembered(key) is None


def test_a_key_that_ends_is_not_remembered_beyond_its_end(world: World) -> None:
    credentials, key = world.credentials(), world.key()
    world.execute("update auth.api_keys set expires_at = now() + interval '1 second'")
    credentials.principal(key)

    assert credentials.remembered(key) is not None
    time.sleep(1.1)
    assert credentials.remembered(key) is None


class TestUntil:
    """What the fast lane asks: it cannot wait."""

    def test_nobody_unknown_is_let_in(self, world: World) -> None:
        credentials, key = world.credentials(), world.key()

        assert [credentials.until(one) for one in ("", "Bearer x", key)] == [None] * 3
        credentials.principal(key)
        assert (credentials.until(key) or 0) > time.monotonic()

    def test_nor_who_may_not_read(self, world: World) -> None:
        credentials, key = world.credentials(), world.key("write")
        credentials.principal(key)

        assert credentials.until(key) is None

    def test_nor_who_sees_more_than_others(self, world: World) -> None:
        world.readable = frozenset({2})
        credentials, key = world.credentials(), world.key()
        assert credentials.principal(key).readable == {2}

        assert credentials.until(key) is None
        assert credentials.until("Bearer the-key") is None

    def test_nor_anybody_while_announcements_may_be_missed(self, world: World) -> None:
        credentials, key = world.credentials(), world.key()
        credentials.principal(key)
        credentials.trust(time.monotonic() - 60)

        assert credentials.until(key) is None


def test_its_use_is_recorded(world: World) -> None:
    world.credentials().principal(world.key())

    assert value(world.engine, "select last_used_at is not null from auth.api_keys")
