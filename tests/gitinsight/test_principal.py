"""Who may do what."""

import pytest

from gitinsight.principal import ADMIN, ANYBODY, SCOPES, Principal, Role


def test_each_role_may_do_what_the_ones_before_it_may() -> None:
    for held in Role:
        one = Principal("user:1", held, frozenset(SCOPES))
        may = [wanted for wanted in Role if one.lacks(wanted, "read") is None]

        assert may == [wanted for wanted in Role if wanted <= held]


def test_a_key_may_do_no_more_than_its_scopes() -> None:
    key = Principal("key:1", Role.ADMIN, frozenset({"read"}))

    assert key.lacks(Role.VIEWER, "read") is None
    assert key.lacks(Role.VIEWER, "write") == "this needs a key with the scope write"


def test_the_admin_of_the_machine_may_everything_and_a_guest_of_it_may_read() -> None:
    assert all(ADMIN.lacks(Role.ADMIN, scope) is None for scope in SCOPES)
    assert ANYBODY.lacks(Role.ANALYST, "export") is None
    assert ANYBODY.lacks(Role.MAINTAINER, "write") is not None


@pytest.mark.parametrize("role", Role)
def test_a_role_is_told_by_its_word(role: Role) -> None:
    assert Role.of(role.word) is role
