"""The change probe against the simulated GitHub, and what it costs."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from graphql import parse

from gitinsight.errors import UnexpectedPayload, UpstreamUnavailable
from gitinsight.github import probe
from gitinsight.github.client import GitHubClient
from tests.support.clients import client_of
from tests.support.github import GitHub
from tests.support.upstream import Reply, Upstream

AURORA = "synthetic-labs/aurora"
TOKEN = "t"  # noqa: S105 - of a GitHub that is none


@pytest.fixture
def client(github: GitHub) -> Iterator[GitHubClient]:
    made = client_of(github.url, TOKEN)
    yield made
    made.close()


def answering(body: dict[str, object]) -> Upstream:
    return Upstream(Reply(body=json.dumps(body).encode()))


def asking(upstream: Upstream, *names: str) -> list[probe.Probe | None]:
    client = client_of(upstream.url, TOKEN)
    try:
        return probe.ask(client, names)
    finally:
        client.close()


def test_one_query_is_valid_for_as_many_as_go_into_it() -> None:
    names = [f"octo/app-{number}" for number in range(probe.PER_QUERY)]

    document = parse(probe.text(names))

    assert len(document.definitions) == 2
    assert probe.text(names).count("...Probe }") == 50


def test_a_name_cannot_end_its_string() -> None:
    text = probe.text(['octo/x") { id } } #'])

    parse(text)
    assert r'name: "x\") { id } } #"' in text


def test_one_that_is_gone_leaves_the_others(client: GitHubClient) -> None:
    found = probe.ask(client, [AURORA, "synthetic-labs/none", "synthetic-labs/empty-repo"])

    assert [one and one.state["full_name"] for one in found] == [
        AURORA, None, "synthetic-labs/empty-repo",
    ]  # fmt: skip


def test_its_time_is_that_of_the_server(client: GitHubClient) -> None:
    (found,) = probe.ask(client, [AURORA])

    assert found is not None
    assert abs(found.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert found.state["issues"][1].endswith("Z")


@pytest.mark.parametrize(
    ("operation", "key"),
    [("new_issue", "issues"), ("new_comment", "issues"), ("delete_issue", "issues"),
     ("new_commit", "head")],
)  # fmt: skip
def test_what_happens_shows_in_it(
    client: GitHubClient, github: GitHub, operation: str, key: str
) -> None:
    before, again = probe.ask(client, [AURORA]), probe.ask(client, [AURORA])
    github.change(AURORA, operation)

    (after,) = probe.ask(client, [AURORA])

    assert before[0] is not None
    assert again[0] is not None
    assert after is not None
    assert before[0].state == again[0].state
    assert before[0].state[key] != after.state[key]


def test_what_is_refused_of_one_is_unknown_of_that_one() -> None:
    error = {"type": "FORBIDDEN", "path": ["repository_0"], "message": "SSO"}
    with answering({"data": {"repository_0": None}, "errors": [error]}) as upstream:
        assert asking(upstream, "octo/app") == [None]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"data": None, "errors": [{"type": "undefinedField"}]}, UnexpectedPayload),
        ({"data": {"repository_0": {"databaseId": "x"}}}, UnexpectedPayload),
        (
            {"data": {}, "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "path": ["x"]}]},
            UpstreamUnavailable,
        ),
    ],
)
def test_what_is_wrong_with_the_whole_query_is_told(
    body: dict[str, object], expected: type[Exception]
) -> None:
    with answering(body) as upstream, pytest.raises(expected):
        asking(upstream, "octo/app")


@pytest.mark.parametrize(
    ("second", "is_equal"), [("03:02:05", True), ("03:02:06", False), ("03:04:05", False)]
)
def test_a_change_of_a_moment_ago_may_not_have_been_the_last(second: str, is_equal: bool) -> None:  # noqa: FBT001 - pytest names it
    nothing = {"totalCount": 0, "nodes": []}
    found = {
        "databaseId": 1, "nameWithOwner": "octo/app", "isArchived": False, "stargazerCount": 0,
        "forkCount": 0, "pullRequests": nothing, "discussions": nothing, "releases": nothing,
        "issues": {"totalCount": 1, "nodes": [{"updatedAt": f"2026-01-02T{second}Z"}]},
    }  # fmt: skip
    body = json.dumps({"data": {"repository_0": found}}).encode()
    dates = [f"Fri, 02 Jan 2026 03:04:{second} GMT" for second in ("05", "06")]
    with Upstream(*(Reply(body=body, headers={"date": date}) for date in dates)) as upstream:
        (first,), (second_one,) = asking(upstream, "octo/app"), asking(upstream, "octo/app")

    assert first is not None
    assert second_one is not None
    assert (first.state == second_one.state) == is_equal


@pytest.mark.parametrize(
    ("conversations", "kilobytes", "records"), [(0, 0, 0), (100, 5, 800), (1, 9_000, 9_000)]
)
def test_how_big_it_is_follows_from_what_is_more(
    conversations: int, kilobytes: int, records: int
) -> None:
    assert probe.estimate(conversations=conversations, kilobytes=kilobytes) == records
