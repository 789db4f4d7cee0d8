"""Organisations as rows: one per account, under the login it has now."""

from datetime import timedelta
from typing import Any

import pytest

from gitinsight.errors import IdentityChanged, NotFound
from tests.support.rows import AT, HOST, add_repository, value
from warehouse import organisations
from warehouse.engine import Engine
from warehouse.organisations import Organisation

SOON = AT + timedelta(minutes=1)
PAGES = [{"url": "orgs/octo/repos", "etag": "e"}]


def add(warehouse: Engine, login: str = "octo", **fields: Any) -> tuple[Organisation, bool]:
    with warehouse.begin() as connection:
        return organisations.add(
            connection, login=login,
            **{"host": HOST, "github_id": 7, "kind": "Organization", "at": AT, **fields},
        )  # fmt: skip


def read_whole(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        organisations.record_listing(connection, 1, PAGES, principal="p", discovered_at=SOON)


def by_id(warehouse: Engine, organisation_id: int = 1) -> Organisation:
    with warehouse.begin() as connection:
        return organisations.by_id(connection, organisation_id)


def undiscovered(warehouse: Engine) -> list[str]:
    with warehouse.begin() as connection:
        found = organisations.undiscovered(connection, asked_before=SOON)
    return [one.login for one in found]


class TestAdd:
    def test_a_new_one_is_to_be_discovered(self, warehouse: Engine) -> None:
        added, is_new = add(warehouse)

        assert is_new
        assert (added.login, added.state, added.pages, added.discovered_at) == (
            "octo", "active", [], None,
        )  # fmt: skip
        assert (added.include_forks, added.include_archived) == (False, True)
        assert undiscovered(warehouse) == ["octo"]

    def test_a_known_one_stays_as_it_is(self, warehouse: Engine) -> None:
        add(warehouse)
        read_whole(warehouse)

        again, is_new = add(warehouse, "OCTO")

        assert not is_new
        assert (again.login, again.pages, again.discovered_at) == ("OCTO", PAGES, SOON)

    def test_another_choice_has_the_listing_read_anew(self, warehouse: Engine) -> None:
        add(warehouse)
        read_whole(warehouse)

        again, _ = add(warehouse, include_forks=True)

        assert (again.include_forks, again.pages, again.discovered_at) == (True, [], None)

    def test_a_known_id_under_a_new_login_is_a_rename(self, warehouse: Engine) -> None:
        add(warehouse)

        renamed, is_new = add(warehouse, "hexa")

        assert (renamed.organisation_id, renamed.login, is_new) == (1, "hexa", False)

    def test_a_known_login_with_a_new_id_is_somebody_else(self, warehouse: Engine) -> None:
        add(warehouse)

        with pytest.raises(IdentityChanged):
            add(warehouse, github_id=8)

    def test_one_that_could_not_be_read_is_tried_again(self, warehouse: Engine) -> None:
        add(warehouse)
        with warehouse.begin() as connection:
            organisations.record_loss(connection, 1, reason="gone")
        assert (by_id(warehouse).state, by_id(warehouse).state_reason) == ("unreadable", "gone")
        assert undiscovered(warehouse) == []

        assert add(warehouse)[0].state == "active"

    def test_the_same_login_elsewhere_is_another(self, warehouse: Engine) -> None:
        add(warehouse)

        assert add(warehouse, host="https://github.example/api/v3")[1]


def test_one_that_was_asked_about_a_moment_ago_is_left_for_a_while(warehouse: Engine) -> None:
    add(warehouse)
    with warehouse.begin() as connection:
        organisations.record_attempt(connection, 1, at=SOON)

    assert undiscovered(warehouse) == []


def test_a_repository_counts_where_it_was_listed_last(warehouse: Engine) -> None:
    add(warehouse)
    add(warehouse, "hexa", github_id=8)
    repository_id = add_repository(warehouse)
    with warehouse.begin() as connection:
        for organisation_id, estimate in ((1, 10), (2, 99)):
            organisations.link(
                connection, organisation_id, repository_id, records_estimate=estimate
            )

    assert [by_id(warehouse, one).repositories_count for one in (1, 2)] == [0, 1]
    assert value(warehouse, "select records_estimate from ops.repositories") == 10


def test_they_are_listed_in_pages(warehouse: Engine) -> None:
    for number in range(3):
        add(warehouse, f"octo-{number}", github_id=number)

    with warehouse.begin() as connection:
        first = organisations.several(connection, limit=2)
        rest = organisations.several(connection, after=first[-1].organisation_id)

    assert [one.login for one in (*first, *rest)] == ["octo-0", "octo-1", "octo-2"]


def test_one_that_is_not_there_is_not_found(warehouse: Engine) -> None:
    with pytest.raises(NotFound, match="organisation 7"):
        by_id(warehouse, 7)
