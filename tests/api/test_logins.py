"""Logging in with GitHub: the whole way round, and every way in that is none."""

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from api import logins
from api.app import create_app
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api, serving_app
from tests.support.github import GitHub
from tests.support.people import (
    LOGIN,
    PUBLIC_URL,
    back_from_github,
    client_of,
    log_in,
    to_github,
    where_people_log_in,
)
from tests.support.rows import fetch, value
from tests.support.waiting import wait_for
from warehouse.engine import Engine

REFRESH = "/api/v1/auth/refresh"
LOGOUT = "/api/v1/auth/logout"
ME = "/api/v1/me"


@pytest.fixture
def url(settings: Settings, github: GitHub) -> Iterator[str]:
    with serving_api(where_people_log_in(settings, github)) as served:
        yield served


@pytest.fixture
def browser(url: str) -> Iterator[httpx2.Client]:
    with ExitStack() as stack:
        yield stack.enter_context(httpx2.Client(base_url=url, timeout=30))


def who(url: str, access_token: str) -> httpx2.Response:
    with client_of(url, access_token) as client:
        return client.get(ME)


def refreshed(url: str, token: str) -> httpx2.Response:
    return httpx2.post(f"{url}{REFRESH}", json={"refresh_token": token})


def test_a_user_logs_in_stays_in_and_logs_out(url: str, github: GitHub) -> None:
    held = log_in(url, github, "ada")
    assert who(url, held["access_token"]).json()["user"]["login"] == "ada"

    later = refreshed(url, held["refresh_token"]).raise_for_status().json()
    assert later["access_token"] != held["access_token"]
    assert who(url, later["access_token"]).json()["name"] == "user:1"

    ended = httpx2.post(f"{url}{LOGOUT}", json={"refresh_token": later["refresh_token"]})
    assert ended.status_code == 204
    assert refreshed(url, later["refresh_token"]).status_code == 401
    # On the next second at the latest, however long they would have been good.
    assert_soon_refused(url, later["access_token"])


def assert_soon_refused(url: str, access_token: str) -> None:
    wait_for(lambda: who(url, access_token).status_code == 401)


def test_the_first_one_is_the_admin_and_comes_back_as_the_same(url: str, github: GitHub) -> None:
    roles = [who(url, log_in(url, github, login)["access_token"]).json() for login in
             ("ada", "chen", "ada")]  # fmt: skip

    assert [(one["name"], one["role"]) for one in roles] == [
        ("user:1", "admin"), ("user:2", "viewer"), ("user:1", "admin"),
    ]  # fmt: skip


def test_those_who_are_named_are_the_admins(settings: Settings, github: GitHub) -> None:
    with serving_api(where_people_log_in(settings, github, admins="Chen")) as url:
        roles = [
            who(url, log_in(url, github, login)["access_token"]).json()["role"]
            for login in ("ada", "chen")
        ]

    assert roles == ["viewer", "admin"]


def test_a_page_gets_a_cookie_that_no_script_sees(browser: httpx2.Client) -> None:
    answer = browser.get(back_from_github(to_github(browser, next="/app?tab=1")))

    assert (answer.status_code, answer.headers["location"]) == (303, "/app?tab=1")
    (cookie,) = (one for one in answer.headers.get_list("set-cookie") if "refresh" in one)
    assert {"HttpOnly", "SameSite=strict", "Path=/api/v1/auth"} <= set(cookie.split("; "))
    first, second = browser.post(REFRESH), browser.post(REFRESH)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["refresh_token"] is None
    browser.post(LOGOUT)
    assert browser.post(REFRESH).status_code == 401


def test_on_https_no_cookie_is_sent_without_it(settings: Settings, github: GitHub) -> None:
    told = where_people_log_in(settings, github, public_url="https://gitinsight.test")
    with serving_api(told) as url:
        cookie = httpx2.get(f"{url}{LOGIN}").headers["set-cookie"]

    assert "Secure" in cookie.split("; ")


def test_what_is_asked_of_github_is_what_the_standard_wants(browser: httpx2.Client) -> None:
    asked = {name: one for name, (one,) in parse_qs(urlsplit(to_github(browser)).query).items()}

    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) > 40
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/api/v1/auth/github/callback"
    assert asked["scope"] == "read:user"
    assert to_github(browser) != to_github(browser)


class TestAttack:
    @pytest.mark.parametrize(
        "next_",
        ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "",
         "/a\r\nSet-Cookie: a=b", "\\\\evil.example", "/ok\tno"],
    )  # fmt: skip
    def test_nobody_is_sent_elsewhere_afterwards(self, browser: httpx2.Client, next_: str) -> None:
        answer = browser.get(LOGIN, params={"next": next_})

        assert answer.status_code == 422
        assert "location" not in answer.headers

    def test_a_host_that_is_made_up_does_not_change_the_way_back(
        self, browser: httpx2.Client
    ) -> None:
        headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}

        location = browser.get(LOGIN, headers=headers).headers["location"]

        assert "evil.example" not in location

    @pytest.mark.parametrize("state", ["", "wrong", "é"])
    def test_another_state_is_refused(self, browser: httpx2.Client, state: str) -> None:
        back = httpx2.URL(back_from_github(to_github(browser)))

        answer = browser.get(back.copy_set_param("state", state))

        assert (answer.status_code, "access_token" in answer.text) == (401, False)

    def test_a_login_that_another_browser_began_is_refused(
        self, url: str, browser: httpx2.Client
    ) -> None:
        """Else a victim could be logged in as the attacker."""
        back = back_from_github(to_github(browser))
        with httpx2.Client(base_url=url) as victim:
            assert victim.get(back).status_code == 401
            to_github(victim)
            assert victim.get(back).status_code == 401

    def test_a_cookie_that_we_did_not_make_is_refused(self, browser: httpx2.Client) -> None:
        back = back_from_github(to_github(browser))
        browser.cookies.clear()

        for made in ("nonsense", "gAAAAAB" + "x" * 100):
            answer = browser.get(back, headers={"cookie": f"gitinsight_login={made}"})
            assert answer.status_code == 401

    def test_a_code_is_good_once(self, browser: httpx2.Client) -> None:
        back = back_from_github(to_github(browser))
        cookie = {"cookie": f"gitinsight_login={browser.cookies['gitinsight_login']}"}

        assert browser.get(back, headers=cookie).status_code == 200
        assert browser.get(back, headers=cookie).status_code == 401

    @pytest.mark.parametrize("error", ["access_denied", "<script>alert(1)</script>"])
    def test_what_github_refuses_is_refused(self, browser: httpx2.Client, error: str) -> None:
        to_github(browser)

        answer = browser.get("/api/v1/auth/github/callback", params={"error": error})

        assert answer.status_code == 401
        assert "<script>" not in answer.text

    def test_a_refresh_token_that_is_used_twice_ends_the_login(
        self, url: str, github: GitHub, warehouse: Engine
    ) -> None:
        """Either of the two has stolen it, and nobody can tell which one."""
        held = log_in(url, github, "ada")
        thief = refreshed(url, held["refresh_token"]).json()

        again = refreshed(url, held["refresh_token"])

        assert (again.status_code, "reused" in again.json()["detail"]) == (401, True)
        assert refreshed(url, thief["refresh_token"]).status_code == 401
        assert_soon_refused(url, thief["access_token"])
        assert value(warehouse, "select revoked_reason from auth.sessions") == "reuse"

    def test_who_guesses_refresh_tokens_is_stopped(self, url: str) -> None:
        found = [refreshed(url, f"guess-{number}").status_code for number in range(50)]

        assert found[0] == 401
        assert found.count(429) >= 10  # a minute may end in between

    @pytest.mark.parametrize("text", ['"\\ud800"', '"\\u0000"', "7", f'"{"x" * 201}"'])
    def test_what_is_no_refresh_token_is_refused(self, url: str, text: str) -> None:
        for path in ("refresh", "logout"):
            answer = httpx2.post(
                f"{url}/api/v1/auth/{path}", content=f'{{"refresh_token": {text}}}',
                headers={"content-type": "application/json"},
            )  # fmt: skip

            assert answer.status_code in {204, 401, 422}

    def test_no_secret_is_stored_or_told(
        self, url: str, github: GitHub, warehouse: Engine, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        held = log_in(url, github, "ada")
        secrets = [held["access_token"], held["refresh_token"], "gho_"]

        with warehouse.begin() as connection:
            tables = fetch(
                connection,
                "select table_name from information_schema.tables where table_schema = 'auth'",
            )
            stored = [fetch(connection, f"select t::text from auth.{one} t") for (one,) in tables]

        ours = [one for one in caplog.records if not one.name.startswith("http")]
        for secret in secrets:
            assert secret not in str(stored)
            assert secret.encode().hex() not in str(stored)
            assert secret not in str([one.getMessage() for one in ours])

    def test_no_code_is_written_into_the_log(self, settings: Settings, github: GitHub) -> None:
        lines: list[bytes] = []
        told = where_people_log_in(settings, github)
        app = create_app(
            told, warehouse_url=told.warehouse_url, admin_key=ADMIN_KEY, sink=lines.append
        )
        with serving_app(app) as url, httpx2.Client(base_url=url) as browser:
            back = back_from_github(to_github(browser, next="/figures"))
            for path in (back, back.replace("?", "/?")):
                browser.get(path)

        said = b"".join(lines).decode()
        assert f'"target": "{logins.CALLBACK}"' in said
        assert "next=%2Ffigures" in said
        assert "code=" not in said


def test_without_a_client_nobody_logs_in(settings: Settings, github: GitHub) -> None:
    told = where_people_log_in(settings, github, github_client_id=None)
    with serving_api(told) as url:
        answer = httpx2.get(f"{url}{LOGIN}")

    assert (answer.status_code, answer.json()["type"]) == (
        503, "urn:gitinsight:problem:login-not-configured",
    )  # fmt: skip
