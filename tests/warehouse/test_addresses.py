"""Whose account an address is: asked once, by the newest commit, and spelt as GitHub shows it."""

from uuid import UUID

import pytest

from gitinsight.git.history import moment
from tests.support.commits import LATER, RUN, commit, insert
from tests.support.rows import AT, fetch, payload_row
from warehouse import addresses, git, raw
from warehouse.addresses import Identity
from warehouse.engine import Engine
from warehouse.raw import Origin


def test_whose_address_is_unknown_is_asked_about_by_the_newest_commit(warehouse: Engine) -> None:
    older, newer = moment("1767225600 +0000"), moment("1767312000 +0000")
    insert(
        warehouse, commit("c1", email="ann@x.org", authored=newer),
        commit("c2", email="ANN@x.org", authored=older), commit("c3", email="bob@x.org"),
        commit("side", email="eve@x.org"),
    )  # fmt: skip
    with warehouse.begin() as connection:
        git.mark_default_branch(connection, 1, ["c1", "c2", "c3"], at=AT)

        assert addresses.unknown_emails(connection, 1, asked_before=AT) == [
            ("ann@x.org", "c1"),
            ("bob@x.org", "c3"),
        ]


def test_an_identity_is_recorded_once(warehouse: Engine) -> None:
    first = Identity("ann@x.org", "ann", 7, "User", "commit c1")
    second = Identity("ann@x.org", "eve", 8, "User", "commit c9")
    nobody = Identity("bob@x.org", None, None, None, "commit c3")
    insert(warehouse, commit("c1", email="ann@x.org"), commit("c3", email="bob@x.org"))
    with warehouse.begin() as connection:
        git.mark_default_branch(connection, 1, ["c1", "c3"], at=AT)
        addresses.record_identities(connection, [first, nobody], run=RUN)
        addresses.record_identities(connection, [second], run=LATER)

        assert addresses.unknown_emails(connection, 1, asked_before=AT) == []
        found = fetch(
            connection, "select email, login, user_id from raw.git_identities order by email"
        )
    assert found == [("ann@x.org", "ann", 7), ("bob@x.org", None, None)]


def test_an_address_that_was_nobodys_is_asked_about_again_after_a_long_time(
    warehouse: Engine,
) -> None:
    nobody = Identity("bob@x.org", None, None, None, "commit")
    somebody = Identity("bob@x.org", "bob", 8, "User", "commit")
    insert(warehouse, commit("c3", email="bob@x.org"))
    with warehouse.begin() as connection:
        git.mark_default_branch(connection, 1, ["c3"], at=AT)
        addresses.record_identities(connection, [nobody], run=RUN)
        assert addresses.unknown_emails(connection, 1, asked_before=AT) == []
        due = addresses.unknown_emails(connection, 1, asked_before=LATER.at)

        addresses.record_identities(connection, [somebody], run=LATER)

        assert due == [("bob@x.org", "c3")]
        assert addresses.unknown_emails(connection, 1, asked_before=LATER.at) == []
        assert fetch(connection, "select login from raw.git_identities") == [("bob",)]


@pytest.mark.parametrize(
    ("evidence", "shown", "login", "changed"),
    [
        ("noreply", ["Ann"], "Ann", 1), ("noreply_login", ["Ann"], "Ann", 1),
        ("noreply", ["ann"], "ann", 0), ("noreply", ["Anne"], "ann", 0),
        ("noreply", ["Ann", "ANN"], "Ann", 1), ("commit", ["Ann"], "ann", 0),
    ],
)  # fmt: skip
def test_what_was_read_off_an_address_is_spelt_as_github_shows_it(
    warehouse: Engine, evidence: str, shown: list[str], login: str, changed: int
) -> None:
    with warehouse.begin() as connection:
        read_off = Identity("ann@x.org", "ann", None, "User", evidence)
        addresses.record_identities(connection, [read_off], run=RUN)
        raw.upsert(
            connection, "users",
            [payload_row(number, login=one) for number, one in enumerate(shown, 1)],
            origin=Origin(1, "rest", "1", AT, UUID(int=1)),
        )  # fmt: skip

        spelt = [addresses.spell_identities(connection, number) for number in (2, 1, 1)]

        assert fetch(connection, "select login from raw.git_identities") == [(login,)]
    assert spelt == [0, changed, 0]
