"""Keys: made, shown once, used, and revoked."""

from collections.abc import Iterator

import httpx2
import pytest

from gitinsight.principal import Role
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.github import GitHub
from tests.support.people import client_of, log_in, where_people_log_in
from tests.support.waiting import wait_for
from warehouse import users
from warehouse.engine import Engine

KEYS = "/api/v1/api-keys"


@pytest.fixture
def url(settings: Settings, github: GitHub) -> Iterator[str]:
    with serving_api(where_people_log_in(settings, github)) as served:
        yield served


def made(client: httpx2.Client, **told: object) -> dict[str, object]:
    answer = client.post(KEYS, json={"name": "a key", **told})
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_a_key_is_shown_once_and_works_until_it_is_revoked(url: str) -> None:
    with client_of(url, ADMIN_KEY) as admin:
        key = made(admin, scopes=["read"])
        listed = admin.get(KEYS).json()["data"]
        assert [one["key_id"] for one in listed] == [key["key_id"]]
        assert str(key["key"]) not in str(listed)
        with client_of(url, str(key["key"])) as program:
            assert program.get("/api/v1/me").json()["name"] == f"key:{key['key_id']}"

            assert admin.delete(f"{KEYS}/{key['key_id']}").json()["revoked_at"] is not None
            wait_for(lambda: program.get("/api/v1/me").status_code == 401, seconds=2)


def test_a_viewer_has_none_and_an_analyst_has_his_own(
    url: str, github: GitHub, warehouse: Engine
) -> None:
    log_in(url, github, "ada")
    with client_of(url, log_in(url, github, "chen")["access_token"]) as chen:
        assert chen.post(KEYS, json={"name": "a"}).status_code == 403
        with warehouse.begin() as connection:
            users.set_role(connection, 2, Role.ANALYST)
        wait_for(lambda: chen.get(KEYS).status_code == 200, seconds=2)
        with client_of(url, ADMIN_KEY) as admin:
            others = made(admin)

        own = made(chen)

        assert (own["user_id"], own["role"]) == (2, "analyst")
        assert [one["key_id"] for one in chen.get(KEYS).json()["data"]] == [own["key_id"]]
        assert chen.delete(f"{KEYS}/{others['key_id']}").status_code == 404
        above = chen.post(KEYS, json={"name": "a", "role": "admin"})
        assert (above.status_code, "analyst" in above.json()["detail"]) == (403, True)


def test_no_key_makes_keys(url: str) -> None:
    with client_of(url, ADMIN_KEY) as admin:
        every = ["read", "export", "sql", "write", "admin"]
        key = made(admin, scopes=every)
        assert admin.post(KEYS, json={"name": "a", "scopes": ["keys"]}).status_code == 422
    with client_of(url, str(key["key"])) as program:
        answers = [program.post(KEYS, json={"name": "a"}), program.get(KEYS),
                   program.delete(f"{KEYS}/{key['key_id']}")]  # fmt: skip

    assert [one.status_code for one in answers] == [403] * 3


def test_in_local_mode_a_guest_makes_none(settings: Settings) -> None:
    with serving_api(settings) as url, client_of(url, None) as guest:
        assert guest.post(KEYS, json={"name": "a"}).status_code == 401
        with client_of(url, ADMIN_KEY) as admin:
            key = made(admin, scopes=["read", "write"])
        with client_of(url, str(key["key"])) as program:
            answer = program.post("/api/v1/repositories", json={"full_name": "no name"})
        assert answer.json()["type"] == "urn:gitinsight:problem:invalid-name"


@pytest.mark.parametrize(
    "told",
    [{"name": ""}, {"name": " "}, {"name": "a\0b"}, {"name": "x" * 101}, {"scopes": []},
     {"scopes": ["root"]}, {"role": "root"},
     {"expires_in_days": 0}, {"expires_in_days": 367}, {"extra": 1}],
)  # fmt: skip
def test_what_is_no_key_is_not_made(url: str, told: dict[str, object]) -> None:
    with client_of(url, ADMIN_KEY) as admin:
        assert admin.post(KEYS, json={"name": "a", **told}).status_code == 422
