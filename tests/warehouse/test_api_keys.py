"""Keys: what they are worth, to whom, and how long."""

from datetime import timedelta

import pytest

from gitinsight.errors import NotFound
from gitinsight.principal import KeyScope, Role
from tests.support.rows import AT, value
from warehouse import api_keys, users
from warehouse.api_keys import ApiKey
from warehouse.engine import Engine

SOON = AT + timedelta(minutes=10)
UNTIL = AT + timedelta(days=90)


def log_in(warehouse: Engine, github_id: int = 1) -> int:
    with warehouse.begin() as connection:
        return users.log_in(
            connection, host="h", github_id=github_id, login="ada", sealed_token=b"x", admins=(),
            at=AT,
        ).user_id  # fmt: skip


def create(
    warehouse: Engine, user_id: int | None, *, role: Role = Role.ANALYST,
    scopes: tuple[KeyScope, ...] = ("read",),
) -> tuple[ApiKey, str]:  # fmt: skip
    with warehouse.begin() as connection:
        return api_keys.create(
            connection, user_id=user_id, name="a key", role=role, scopes=scopes, at=AT,
            expires_at=UNTIL,
        )  # fmt: skip


def test_its_holder_is_known_by_it(warehouse: Engine) -> None:
    user_id = log_in(warehouse)
    key, text = create(warehouse, user_id, scopes=("write", "read"))

    with warehouse.begin() as connection:
        principal, until = api_keys.principal_of(connection, text, at=SOON)

    assert text.startswith(key.shown)
    assert (principal.name, principal.user_id, until) == (f"key:{key.key_id}", user_id, UNTIL)
    assert (principal.role, principal.scopes) == (Role.ANALYST, {"read", "write"})
    assert principal.readable == frozenset()


def test_its_text_is_not_stored(warehouse: Engine) -> None:
    _, text = create(warehouse, None)
    stored = value(warehouse, "select k::text from auth.api_keys k")

    assert text not in stored
    assert text.encode().hex() not in stored


def test_it_is_worth_no_more_than_its_owner_now(warehouse: Engine) -> None:
    user_id = log_in(warehouse)
    _, text = create(warehouse, user_id, role=Role.ADMIN)
    with warehouse.begin() as connection:
        users.set_role(connection, user_id, Role.VIEWER)

        assert api_keys.principal_of(connection, text, at=SOON)[0].role is Role.VIEWER


def test_revoked_expired_made_up_or_without_its_owner_it_is_none(warehouse: Engine) -> None:
    user_id = log_in(warehouse)
    key, revoked = create(warehouse, user_id)
    _, orphaned = create(warehouse, user_id + 1)
    _, expired = create(warehouse, user_id)
    with warehouse.begin() as connection:
        api_keys.revoke(connection, key.key_id, user_id=user_id, of_all=False, at=SOON)
        for text, at in ((revoked, SOON), (orphaned, SOON), (expired, UNTIL), ("gi_x", SOON)):
            with pytest.raises(NotFound):
                api_keys.principal_of(connection, text, at=at)


def test_it_is_its_owners_to_see_and_to_revoke_and_an_admins(warehouse: Engine) -> None:
    ada, chen = log_in(warehouse, 1), log_in(warehouse, 2)
    key, _ = create(warehouse, ada)
    create(warehouse, None)
    with warehouse.begin() as connection:

        def seen(user_id: int | None, *, of_all: bool) -> int:
            return len(api_keys.several(connection, user_id=user_id, of_all=of_all))

        assert [seen(ada, of_all=False), seen(chen, of_all=False), seen(None, of_all=False),
                seen(chen, of_all=True)] == [1, 0, 1, 2]  # fmt: skip
        for stranger in (chen, None):
            with pytest.raises(NotFound):
                api_keys.revoke(connection, key.key_id, user_id=stranger, of_all=False, at=SOON)
        assert api_keys.revoke(
            connection, key.key_id, user_id=chen, of_all=True, at=SOON
        ).revoked_at == SOON  # fmt: skip


def test_when_it_was_used_is_known_to_the_minute(warehouse: Engine) -> None:
    _, text = create(warehouse, None)
    for seconds in (0, 30, 90):
        with warehouse.begin() as connection:
            api_keys.principal_of(connection, text, at=SOON + timedelta(seconds=seconds))

    assert value(warehouse, "select last_used_at from auth.api_keys") == SOON + timedelta(
        seconds=90
    )
