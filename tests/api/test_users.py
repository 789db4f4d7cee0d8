"""Who asks, who there is, and what they may do."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx2

from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
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


def test_the_last_admin_stays_one(settings: Settings, github: GitHub) -> None:
    """Of two who take the role from each other at the same time, too."""
    with serving_api(where_people_log_in(settings, github)) as url:
        tokens = [log_in(url, github, one)["access_token"] for one in ("ada", "chen")]
        with ExitStack() as stack:
            machine, ada, chen = (
                stack.enter_context(client_of(url, one)) for one in (ADMIN_KEY, *tokens)
            )
            alone = ada.put("/api/v1/users/1/role", json={"role": "viewer"})
            machine.put("/api/v1/users/2/role", json={"role": "admin"}).raise_for_status()
            wait_for(lambda: chen.get("/api/v1/users").status_code == 200)
            with ThreadPoolExecutor(2) as pool:
                both = list(pool.map(
                    lambda one: one[0].put(f"/api/v1/users/{one[1]}/role", json={"role": "viewer"}),
                    [(ada, 2), (chen, 1)],
                ))  # fmt: skip
            roles = [one["role"] for one in machine.get("/api/v1/users").json()["data"]]
            taken = [
                machine.put(f"/api/v1/users/{one}/role", json={"role": "viewer"}).status_code
                for one in (1, 2)
            ]

    assert (alone.status_code, alone.json()["type"]) == (409, "urn:gitinsight:problem:last-admin")
    assert {one.status_code for one in both} in ({200, 403}, {200, 409})
    assert sorted(roles) == ["admin", "viewer"]
    assert taken == [200, 200]
