"""People: who is an admin, and what GitHub shows them."""

from datetime import timedelta

import pytest

from gitinsight.errors import NotFound
from gitinsight.principal import Role
from tests.support.rows import AT, HOST, add_repository
from warehouse import users
from warehouse.engine import Engine
from warehouse.users import User

LATER = AT + timedelta(days=1)


def log_in(
    warehouse: Engine, github_id: int, login: str = "ada", *, admins: tuple[str, ...] = ()
) -> User:
    with warehouse.begin() as connection:
        return users.log_in(
            connection, host=HOST, github_id=github_id, login=login, sealed_token=b"x",
            admins=admins, at=LATER,
        )  # fmt: skip


def test_the_first_one_is_the_admin(warehouse: Engine) -> None:
    assert [log_in(warehouse, 1).role, log_in(warehouse, 2).role] == ["admin", "viewer"]


def test_where_admins_are_named_nobody_else_becomes_one(warehouse: Engine) -> None:
    named = ("Chen",)

    assert log_in(warehouse, 1, "ada", admins=named).role == "viewer"
    assert log_in(warehouse, 2, "chen", admins=named).role == "admin"


def test_an_account_is_known_by_its_id_and_keeps_its_role(warehouse: Engine) -> None:
    first = log_in(warehouse, 1)
    log_in(warehouse, 2)
    with warehouse.begin() as connection:
        users.set_role(connection, 2, Role.ANALYST)
        users.set_role(connection, 1, Role.VIEWER)

    again = log_in(warehouse, 1, "renamed")

    assert (again.user_id, again.login, again.role) == (first.user_id, "renamed", "viewer")
    assert log_in(warehouse, 2).role == "analyst"


def test_somebody_with_the_login_of_another_is_another(warehouse: Engine) -> None:
    assert log_in(warehouse, 1, "ada").user_id != log_in(warehouse, 2, "ada").user_id


def test_they_are_listed_page_by_page(warehouse: Engine) -> None:
    for number in (1, 2, 3):
        log_in(warehouse, number)
    with warehouse.begin() as connection:
        found = users.several(connection, limit=2, after=1)

    assert [one.github_id for one in found] == [2, 3]


def test_what_github_shows_is_readable_as_long_as_it_is_private(warehouse: Engine) -> None:
    user = log_in(warehouse, 1)
    mine, public, other = (
        add_repository(warehouse, f"octo/{number}", github_id=number) for number in (11, 12, 13)
    )
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            f"update ops.repositories set is_private = repository_id <> {public}"
        )
        users.record_readable(connection, user.user_id, {11, 12, 99}, until=LATER)
        found = users.readable(connection, user.user_id)
        assert users.by_id(connection, user.user_id).readable_until == LATER
        users.record_readable(connection, user.user_id, {13}, until=LATER)
        then = users.readable(connection, user.user_id)

    assert (found, then) == ({mine}, {other})


def test_the_same_id_on_another_github_is_another_repository(warehouse: Engine) -> None:
    user = log_in(warehouse, 1)
    add_repository(warehouse, github_id=11)
    with warehouse.begin() as connection:
        connection.exec_driver_sql("update ops.repositories set is_private = true, host = 'other'")
        users.record_readable(connection, user.user_id, {11}, until=LATER)

        assert users.readable(connection, user.user_id) == frozenset()


def test_a_token_that_is_dropped_is_gone_until_the_next_login(warehouse: Engine) -> None:
    user = log_in(warehouse, 1)
    with warehouse.begin() as connection:
        users.drop_token(connection, user.user_id)
        assert users.by_id(connection, user.user_id).sealed_token is None

    assert log_in(warehouse, 1).sealed_token == b"x"


def test_nobody_is_told_as_such(warehouse: Engine) -> None:
    with warehouse.begin() as connection, pytest.raises(NotFound):
        users.set_role(connection, 7, Role.ADMIN)
