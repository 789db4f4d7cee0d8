"""Organisations over HTTP: follow one, and see what is followed."""

import httpx2
import pytest

from tests.support.github import GitHub
from tests.support.rows import value
from warehouse.engine import Engine

ORGANISATIONS = "/api/v1/organisations"
LOGIN = "synthetic-labs"


class TestAdd:
    def test_a_new_one_is_created_as_github_shows_it(
        self, api: httpx2.Client, github: GitHub
    ) -> None:
        answer = api.post(ORGANISATIONS, json={"login": "Synthetic-Labs"})

        assert answer.status_code == 201
        found = answer.json()
        assert (found["login"], found["host"], found["kind"]) == (LOGIN, github.url, "Organization")
        assert (found["include_forks"], found["include_archived"]) == (False, True)
        assert (found["discovered_at"], found["repositories_count"]) == (None, 0)
        assert api.get(f"{ORGANISATIONS}/{found['organisation_id']}").json() == found

    def test_one_that_is_followed_already_is_found(
        self, api: httpx2.Client, github: GitHub
    ) -> None:
        first = api.post(ORGANISATIONS, json={"login": LOGIN}).json()

        answer = api.post(ORGANISATIONS, json={"login": f"{github.url}/orgs/{LOGIN}"})

        assert (answer.status_code, answer.json()) == (200, first)

    @pytest.mark.usefixtures("github")
    def test_one_that_github_does_not_show_is_not_found(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        answer = api.post(ORGANISATIONS, json={"login": "nobody"})

        assert (answer.status_code, answer.json()["type"]) == (
            404, "urn:gitinsight:problem:not-visible",
        )  # fmt: skip
        assert value(warehouse, "select count(*) from ops.organisations") == 0

    @pytest.mark.usefixtures("github")
    def test_a_login_that_somebody_else_took_is_a_conflict(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        api.post(ORGANISATIONS, json={"login": LOGIN})
        with warehouse.begin() as connection:
            connection.exec_driver_sql("update ops.organisations set github_id = 1")

        assert api.post(ORGANISATIONS, json={"login": LOGIN}).status_code == 409

    @pytest.mark.parametrize(
        "login", ["", "a/b", "..", "-octo", "oc to", "octo\n", "x" * 40, "https://gitlab.com/octo"]
    )
    def test_what_is_no_login_is_refused(self, reading: httpx2.Client, login: str) -> None:
        answer = reading.post(ORGANISATIONS, json={"login": login})

        assert (answer.status_code, answer.json()["type"]) == (
            422, "urn:gitinsight:problem:invalid-name",
        )  # fmt: skip

    def test_it_needs_the_key(self, reading: httpx2.Client) -> None:
        answer = reading.post(
            ORGANISATIONS, json={"login": LOGIN}, headers={"authorization": "Bearer no"}
        )

        assert answer.status_code == 401


def test_they_are_listed_in_pages(api: httpx2.Client, warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into ops.organisations (host, github_id, login, kind, state, include_forks,"
            " include_archived, added_at, pages) select 'h', n, 'octo-' || n, 'User', 'active',"
            " false, true, now(), '[]' from generate_series(1, 3) as n"
        )

    first = api.get(ORGANISATIONS, params={"limit": 2}).json()
    rest = api.get(ORGANISATIONS, params={"cursor": first["next_cursor"]}).json()

    assert [one["login"] for one in first["data"] + rest["data"]] == ["octo-1", "octo-2", "octo-3"]
    assert rest["next_cursor"] is None


def test_one_that_is_not_there_is_not_found(reading: httpx2.Client) -> None:
    assert reading.get(f"{ORGANISATIONS}/7").status_code == 404
