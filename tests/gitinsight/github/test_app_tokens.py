"""A GitHub App against a server that checks its signature, its clock and its tokens."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitinsight import clock
from gitinsight.errors import (
    BrokenEnvironment,
    NotVisible,
    RateLimited,
    TokenRejected,
    UnexpectedPayload,
    UpstreamUnavailable,
)
from gitinsight.github import access
from gitinsight.github.app_tokens import AppTokens
from gitinsight.runtime.process import free_port
from gitinsight.settings import Settings
from tests.support.github_app import APP_ID, PEM, GitHubApp
from tests.support.upstream import Reply, Upstream

OWNERS = {1: "Octo", 2: "acme", 3: "initech"}


class Monotonic:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def app() -> Iterator[GitHubApp]:
    with GitHubApp(OWNERS) as served:
        yield served


@pytest.fixture
def monotonic() -> Monotonic:
    return Monotonic()


@pytest.fixture
def tokens(app: GitHubApp, monotonic: Monotonic) -> AppTokens:
    return made(app.url, monotonic=monotonic)


def made(url: str, *, private_key: str = PEM, **more: Any) -> AppTokens:
    return AppTokens(api_url=url, app_id=APP_ID, private_key=private_key, **more)


def settings_for(url: str, **more: Any) -> Settings:
    return Settings.model_validate(
        {"github": {"api_url": url, "app_id": APP_ID, "app_private_key": PEM, **more}}
    )


def test_every_installation_of_every_page_is_a_principal_but_those_that_are_suspended(
    tokens: AppTokens, app: GitHubApp
) -> None:
    app.suspended.add(2)

    found = tokens.principals()

    assert [(one.kind, one.owner) for one in found] == [
        ("installation", "octo"), ("installation", "initech"),
    ]  # fmt: skip
    assert app.minted == []


def test_a_token_is_minted_once_and_anew_before_it_ends(
    tokens: AppTokens, monotonic: Monotonic
) -> None:
    first = tokens.token(1)
    monotonic.seconds = 54 * 60
    same = tokens.token(1)
    monotonic.seconds = 56 * 60

    assert first == same != tokens.token(1)


def test_a_principal_outlives_its_tokens(tokens: AppTokens, app: GitHubApp) -> None:
    (before, *_) = tokens.principals()
    token = before.token()
    before.renew()

    (after, *_) = tokens.principals()

    assert after.fingerprint == before.fingerprint
    assert after.token() != token
    assert app.minted == [1, 1]


def test_the_signature_is_issued_a_minute_ago_and_good_for_nine_minutes_at_most(
    tokens: AppTokens, app: GitHubApp
) -> None:
    tokens.token(1)

    (claims,) = app.claims
    assert 0 < claims["exp"] - claims["iat"] - 60 <= 540
    assert claims["iss"] == APP_ID


@pytest.mark.parametrize("minutes", [-12, 12])
def test_githubs_clock_is_taken_where_ours_is_wrong(
    tokens: AppTokens, app: GitHubApp, monotonic: Monotonic, minutes: int
) -> None:
    app.skew = timedelta(minutes=minutes)

    first = tokens.token(1)
    monotonic.seconds = 54 * 60

    assert tokens.token(1) == first


def test_a_key_may_be_a_file_or_have_its_lines_in_one(app: GitHubApp, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(PEM)

    for key in (str(file), PEM.replace("\n", "\\n")):
        assert made(app.url, private_key=key).token(1)


@pytest.mark.parametrize("key", ["/nowhere/key.pem", "-----BEGIN nonsense", ""])
def test_a_key_that_is_none_is_told_without_showing_it(app: GitHubApp, key: str) -> None:
    with pytest.raises(BrokenEnvironment, match="APP_PRIVATE_KEY") as caught:
        made(app.url, private_key=key).token(1)

    assert "nonsense" not in str(caught.value)


def test_what_github_does_not_give_is_a_typed_error(app: GitHubApp, tokens: AppTokens) -> None:
    with pytest.raises(NotVisible):
        tokens.token(99)
    with pytest.raises(TokenRejected):
        AppTokens(api_url=app.url, app_id="another", private_key=PEM).token(1)
    with pytest.raises(UpstreamUnavailable):
        made(f"http://127.0.0.1:{free_port(0)}").token(1)
    with Upstream(Reply(502)) as broken, pytest.raises(UpstreamUnavailable):
        made(broken.url).token(1)
    with Upstream(Reply(body=b"<html>")) as html, pytest.raises(UnexpectedPayload):
        made(html.url).token(1)


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_of_the_app_is_one_and_no_refusal(status: int) -> None:
    told = Reply(status, b'{"message": "secondary rate limit"}', {"retry-after": "600"})
    with Upstream(told) as limited, pytest.raises(RateLimited) as caught:
        made(limited.url).principals()

    assert timedelta(seconds=590) < caught.value.retry_at - clock.now() <= timedelta(seconds=600)


def test_where_no_token_can_be_made_for_a_limit_it_is_waited_for(app: GitHubApp) -> None:
    app.installations = {1: "octo"}
    client = access.connect(settings_for(app.url), app.url, subject="octo/hello", wait_seconds=0)
    assert client.has_token
    app.is_limited = True

    with pytest.raises(RateLimited):
        client.get("repos/octo/hello")
    client.close()

    assert app.limited == 1


def test_a_client_asks_with_the_installation_of_the_owner_on_every_path(app: GitHubApp) -> None:
    client = access.connect(settings_for(app.url), app.url, subject="octo/hello")

    client.get("repos/octo/hello", etag='"e"')
    client.query("totals", {})
    git_token = access.git_token(client, app.url, f"{app.url}/octo/hello.git")()
    client.close()

    assert {token for _, token in app.asked} == {"ghs_1"} == {git_token}
    assert app.minted == [1]


def test_a_token_that_github_rejects_is_minted_anew_and_the_page_asked_for_again(
    app: GitHubApp,
) -> None:
    app.installations = {1: "octo"}
    client = access.connect(settings_for(app.url), app.url, subject="octo/hello")
    client.get("repos/octo/hello")
    before = client.principal
    app.revoke()

    client.get("repos/octo/hello/issues")
    client.query("totals", {})
    git_token = access.git_token(client, app.url, f"{app.url}/octo/hello.git")()
    client.close()

    assert [token for _, token in app.asked] == ["ghs_1", "ghs_1", "ghs_2", "ghs_2"]
    assert git_token == "ghs_2"  # noqa: S105 - nobody's
    assert {one.principal for one in client.drain()} == {client.principal} == {before}


def test_a_user_serves_where_an_installation_was_removed(app: GitHubApp) -> None:
    settings = settings_for(app.url, tokens="user-token")
    app.installations = {1: "octo"}
    app.good["user-token"] = 0
    client = access.connect(settings, app.url, subject="octo/hello")
    assert client.has_token
    app.installations = {}

    client.get("repos/octo/hello")
    client.close()

    assert [token for _, token in app.asked] == ["user-token"]
