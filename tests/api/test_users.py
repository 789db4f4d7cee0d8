"""Who asks, who there is, and what they may do."""

import httpx2

from gitinsight.settings import Settings
from tests.conftest import serving_api
from tests.support.github import GitHub
from tests.support.people import client_of, log_in, where_people_log_in
from tests.support.waiting import wait_for


def test_the_admin_of_the_machine_is_no_user(api: httpx2.Client) -> None:
    found = api.get("/api/v1/me").json()

    assert (found["name"], found["role"], found["user"]) == ("admin", "admin", None)


def test_a_guest_of_the_machine_is_anybody(settings: Settings) -> None:
    with serving_api(settings) as url:
        found = httpx2.get(f"{url}/api/v1/me").json()

    assert (found["name"], found["role"]) == ("anybody", "analyst")
    assert found["scopes"] == ["export", "read", "sql"]


def test_an_admin_gives_a_role_and_takes_it_away(settings: Settings, github: GitHub) -> None:
    with serving_api(where_people_log_in(settings, github)) as url:
        admin, other = (log_in(url, github, one)["access_token"] for one in ("ada", "chen"))
        with client_of(url, admin) as ada, client_of(url, other) as chen:

            def give(role: str) -> httpx2.Response:
                return ada.put("/api/v1/users/2/role", json={"role": role})

            first = ada.get("/api/v1/users", params={"limit": 1}).json()
            rest = ada.get("/api/v1/users", params={"cursor": first["next_cursor"]}).json()
            assert [one["login"] for one in first["data"] + rest["data"]] == ["ada", "chen"]

            assert chen.get("/api/v1/users").status_code == 403
            assert chen.put("/api/v1/users/2/role", json={"role": "admin"}).status_code == 403
            assert give("admin").json()["role"] == "admin"
            wait_for(lambda: chen.get("/api/v1/users").status_code == 200, seconds=2)
            give("viewer")
            wait_for(lambda: chen.get("/api/v1/users").status_code == 403, seconds=2)
            assert give("emperor").status_code == 422
            unknown = ada.put("/api/v1/users/9/role", json={"role": "viewer"})
            assert unknown.status_code == 404
