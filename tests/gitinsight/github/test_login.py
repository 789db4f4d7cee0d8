"""Logging in with GitHub, as the client of it."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from gitinsight.errors import TokenRejected, Unauthorised, UnexpectedPayload, UpstreamUnavailable
from gitinsight.github import login
from gitinsight.github.login import Client
from gitinsight.settings import Settings
from gitinsight.simulator.login import CLIENT_ID, CLIENT_SECRET
from tests.support.github import GitHub
from tests.support.upstream import Reply, Upstream

BACK = "http://127.0.0.1:1/back"


@pytest.fixture
def client(github: GitHub) -> Client:
    return Client(
        login_url=github.url, api_url=github.url, client_id=CLIENT_ID, redirect_uri=BACK,
        client_secret=CLIENT_SECRET, scope="read:user", timeout_seconds=5,
    )  # fmt: skip


def code(client: Client, verifier: str) -> str:
    answer = httpx2.get(client.authorize_url(state="s", verifier=verifier))
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def test_a_user_is_known_by_the_token_for_his_code(client: Client, github: GitHub) -> None:
    github.control(login="chen", members={"borealis": ["chen"]})
    verifier = login.new_verifier()

    token = client.token(code(client, verifier), verifier=verifier)

    assert client.account(token).login == "chen"
    assert len(client.private_repositories(token)) == 1


def test_a_code_without_its_verifier_is_worth_nothing(client: Client) -> None:
    given = code(client, login.new_verifier())

    with pytest.raises(Unauthorised):
        client.token(given, verifier=login.new_verifier())


def test_a_token_that_is_none_is_told(client: Client) -> None:
    with pytest.raises(TokenRejected):
        client.account("gho_none")


def test_the_secret_is_not_in_what_is_printed(client: Client) -> None:
    assert CLIENT_SECRET not in repr(client)


def test_the_challenge_is_that_of_the_standard() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert login.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_without_a_client_nobody_logs_in() -> None:
    assert login.client_of(Settings(), redirect_uri=BACK) is None


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(500), UpstreamUnavailable), (Reply(is_lost=True), UpstreamUnavailable),
        (Reply(401), TokenRejected), (Reply(body=b"<html>gho_secret"), UnexpectedPayload),
        (Reply(body=b'[{"name": "gho_secret"}]'), UnexpectedPayload),
    ],
)  # fmt: skip
def test_another_answer_is_an_error_that_tells_no_token(
    client: Client, reply: Reply, error: type[Exception]
) -> None:
    with Upstream(reply) as upstream, pytest.raises(error) as caught:
        replace(client, api_url=upstream.url).private_repositories("gho_secret")

    assert "gho_secret" not in str(caught.value)


def test_a_list_is_read_to_its_end(client: Client) -> None:
    with Upstream() as upstream:
        more = {"link": f'<{upstream.url}/user/repos?page=2>; rel="next"'}
        upstream.replies = [Reply(body=b'[{"id": 1}]', headers=more), Reply(body=b'[{"id": 2}]')]

        assert replace(client, api_url=upstream.url).private_repositories("t") == {1, 2}
