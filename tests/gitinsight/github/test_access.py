"""Who asks which host, and with whose token."""

import io
import json
from typing import Any

import pytest

from gitinsight.errors import RateLimited
from gitinsight.github import access
from gitinsight.settings import Settings
from tests.support.upstream import Reply, Upstream


def settings_for(api_url: str, **github: Any) -> Settings:
    return Settings.model_validate(
        {
            "github": {"api_url": api_url, "tokens": "first,second", **github},
            "simulator": {"url": "http://127.0.0.1:8790"},
        }
    )


@pytest.mark.parametrize(
    ("host", "token"),
    [
        ("https://api.github.com", "first"),
        ("http://127.0.0.1:8790", "synthetic"),
        ("https://ghe.example/api/v3", None),
        ("https://api.github.com.evil.example", None),
        ("http://api.github.com", None),
        ("git", None),
    ],
)
def test_a_token_goes_to_the_host_that_it_was_made_for(host: str, token: str | None) -> None:
    found = access.principals(settings_for("https://api.github.com"), host)

    assert found[0].token() == token


def test_every_token_is_a_principal_once() -> None:
    settings = settings_for("https://api.github.com", tokens="first,second,first")

    found = access.principals(settings, "https://api.github.com")

    assert [one.token() for one in found] == ["first", "second"]


def test_without_a_token_the_host_is_asked_anonymously() -> None:
    settings = settings_for("https://api.github.com", tokens="")

    (found,) = access.principals(settings, "https://api.github.com")

    assert (found.kind, found.token()) == ("anonymous", None)


def test_a_connection_sends_the_token_to_the_configured_host_alone(upstream: Upstream) -> None:
    settings = settings_for(upstream.url)
    with Upstream(Reply()) as other:
        for host in (upstream.url, other.url):
            client = access.connect(settings, host)
            client.get("repos/o/n")
            client.close()

        assert upstream.asked[0].headers["authorization"] in {"Bearer first", "Bearer second"}
        assert "authorization" not in other.asked[0].headers


def test_graphql_is_asked_where_the_settings_say_and_elsewhere_where_each_host_has_it(
    upstream: Upstream,
) -> None:
    with Upstream(Reply(body=b'{"data": {}}')) as other:
        upstream.replies = other.replies
        settings = settings_for(upstream.url, graphql_url=f"{upstream.url}/elsewhere")
        for host in (upstream.url, f"{other.url}/api/v3"):
            client = access.connect(settings, host)
            client.query("totals", {})
            client.close()

        assert [one.path for one in (*upstream.asked, *other.asked)] == [
            "/elsewhere",
            "/api/graphql",
        ]


@pytest.mark.parametrize(("configured", "asked_for"), [(1, None), (3600, 1)])
def test_a_limit_is_waited_for_as_long_as_the_settings_or_the_caller_allow(
    upstream: Upstream, configured: int, asked_for: int | None
) -> None:
    upstream.replies = [Reply(429, headers={"retry-after": "30"})]
    settings = settings_for(upstream.url, wait_seconds=configured, tokens="one")
    client = access.connect(settings, upstream.url, wait_seconds=asked_for)

    with pytest.raises(RateLimited):
        client.get("repos/o/n")
    client.close()


def test_a_wait_is_told_in_the_log(upstream: Upstream, log: io.StringIO) -> None:
    upstream.replies = [Reply(429, headers={"retry-after": "0"}), Reply()]
    client = access.connect(settings_for(upstream.url, tokens="one"), upstream.url)

    client.get("repos/o/n")
    client.close()

    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["event"], line["bucket"], line["level"]) == (
        "waiting_for_limit", "core", "warning",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("clone_url", "token"),
    [
        ("https://github.com/o/n.git", "only"),
        ("https://GitHub.com/o/n.git", "only"),
        ("https://mirror.example/o/n.git", None),
        ("git@github.com:o/n.git", None),
        ("/somewhere/here", None),
    ],
)
def test_a_git_remote_gets_the_token_where_it_is_githubs_own(
    clone_url: str, token: str | None
) -> None:
    host = "https://api.github.com"
    client = access.connect(settings_for(host, tokens="only"), host)

    assert access.git_token(client, host, clone_url)() == token
    assert access.git_token(client, "git", clone_url)() is None
    client.close()
