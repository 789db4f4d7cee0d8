"""Logins: families of refresh tokens, each token good once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.support.rows import AT, value
from warehouse import sessions, users
from warehouse.engine import Engine
from warehouse.sessions import Refusal, Session

UNTIL = AT + timedelta(days=30)
LATER = AT + timedelta(hours=1)


@pytest.fixture
def session(warehouse: Engine) -> Session:
    with warehouse.begin() as connection:
        user = users.log_in(
            connection, host="h", github_id=1, login="ada", sealed_token=b"x", admins=(), at=AT
        )
        return sessions.begin(connection, user.user_id, address="::1", at=AT, until=UNTIL)


def refresh(warehouse: Engine, token: str) -> Session | Refusal:
    with warehouse.begin() as connection:
        return sessions.refresh(connection, token, at=LATER, until=UNTIL)


def role(warehouse: Engine, session: Session) -> str | None:
    with warehouse.begin() as connection:
        return sessions.role_of(connection, session.session_id, session.user_id)


def test_each_token_is_good_for_the_next_one(warehouse: Engine, session: Session) -> None:
    held = session
    for _ in range(3):
        found = refresh(warehouse, held.token)
        assert isinstance(found, Session)
        assert (found.session_id, found.token != held.token) == (session.session_id, True)
        held = found


def test_a_second_use_ends_the_family_and_no_other(warehouse: Engine, session: Session) -> None:
    with warehouse.begin() as connection:
        other = sessions.begin(connection, session.user_id, address=None, at=AT, until=UNTIL)
    newest = refresh(warehouse, session.token)
    assert isinstance(newest, Session)

    assert refresh(warehouse, session.token) == "reused"
    assert refresh(warehouse, newest.token) == "ended"
    assert (role(warehouse, session), role(warehouse, other)) == (None, "admin")
    assert isinstance(refresh(warehouse, other.token), Session)


def test_of_two_that_use_it_at_once_one_has_it(warehouse: Engine, session: Session) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: refresh(warehouse, session.token), range(4)))

    assert sum(isinstance(one, Session) for one in found) == 1
    assert role(warehouse, session) is None


def test_what_is_unknown_or_old_is_refused(warehouse: Engine, session: Session) -> None:
    assert refresh(warehouse, "made-up") == "unknown"
    with warehouse.begin() as connection:
        assert sessions.refresh(connection, session.token, at=UNTIL, until=UNTIL) == "expired"


def test_after_a_logout_nothing_of_it_is_good(warehouse: Engine, session: Session) -> None:
    with warehouse.begin() as connection:
        assert sessions.of_token(connection, session.token) == session.session_id
        sessions.end(connection, session.session_id, reason="logout", at=LATER)

    assert refresh(warehouse, session.token) == "ended"
    assert role(warehouse, session) is None


def test_a_session_is_its_users_alone(warehouse: Engine, session: Session) -> None:
    with warehouse.begin() as connection:
        assert sessions.role_of(connection, session.session_id, session.user_id + 1) is None
        assert sessions.role_of(connection, uuid4(), session.user_id) is None
        assert sessions.of_token(connection, "made-up") is None


def test_the_token_itself_is_not_stored(warehouse: Engine, session: Session) -> None:
    stored = value(warehouse, "select t::text from auth.refresh_tokens t")

    assert session.token not in stored
    assert session.token.encode().hex() not in stored
