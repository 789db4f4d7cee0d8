"""Logging in to the simulated GitHub is as strict as GitHub's own."""

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from gitinsight.github.login import challenge
from gitinsight.simulator.login import CLIENT_ID, CLIENT_SECRET
from tests.support.github import GitHub

BACK = "http://127.0.0.1:1/back"
VERIFIER = "v" * 43


@pytest.fixture
def http(github: GitHub) -> Iterator[httpx2.Client]:
    with ExitStack() as stack:
        yield stack.enter_context(httpx2.Client(base_url=github.url))


def code(http: httpx2.Client) -> str:
    answer = http.get(
        "/login/oauth/authorize",
        params={"client_id": CLIENT_ID, "redirect_uri": BACK, "state": "s",
                "code_challenge": challenge(VERIFIER), "code_challenge_method": "S256"},
    )  # fmt: skip
    assert answer.status_code == 302
    told = parse_qs(urlsplit(answer.headers["location"]).query)
    assert told["state"] == ["s"]
    return told["code"][0]


def exchange(http: httpx2.Client, **told: str) -> dict[str, str]:
    given = {
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uri": BACK,
        "code_verifier": VERIFIER, **told,
    }  # fmt: skip
    found: dict[str, str] = http.post("/login/oauth/access_token", data=given).json()
    return found


def test_a_code_is_good_once_and_its_token_is_somebodys(
    http: httpx2.Client, github: GitHub
) -> None:
    github.control(login="chen")
    given = code(http)

    token = exchange(http, code=given)["access_token"]

    headers = {"authorization": f"Bearer {token}"}
    assert http.get("/user", headers=headers).json()["login"] == "chen"
    assert exchange(http, code=given) == {"error": "bad_verification_code"}


@pytest.mark.parametrize(
    "wrong",
    [{"code_verifier": "w" * 43}, {"redirect_uri": "http://elsewhere"}, {"client_secret": "no"}],
)
def test_what_does_not_fit_gets_no_token(http: httpx2.Client, wrong: dict[str, str]) -> None:
    assert "access_token" not in exchange(http, code=code(http), **wrong)


def test_only_members_see_what_is_private(http: httpx2.Client, github: GitHub) -> None:
    github.control(members={"borealis": ["chen"]})
    seen = {}
    for login in ("ada", "chen"):
        github.control(login=login)
        token = exchange(http, code=code(http))["access_token"]
        answer = http.get("/user/repos", headers={"authorization": f"Bearer {token}"})
        seen[login] = [one["name"] for one in answer.json()]

    assert seen == {"ada": [], "chen": ["borealis"]}
    assert http.get("/user/repos").status_code == 401
    assert http.get("/user").status_code == 401
