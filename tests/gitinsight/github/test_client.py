"""The client against a GitHub that fails in every way known of it."""

import json
import threading
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from gitinsight.errors import (
    GitInsightError,
    NotVisible,
    TokenRejected,
    UnexpectedPayload,
    UpstreamUnavailable,
)
from gitinsight.github.client import GitHubClient
from gitinsight.github.principals import ANONYMOUS
from gitinsight.runtime.process import free_port
from gitinsight.veil import Ghost, Kind, Veil, term
from tests.support.client import TOKEN, Connect, authorizations
from tests.support.upstream import Reply, Upstream

NOW = datetime.now(UTC).replace(microsecond=0)
DATE = {"date": format_datetime(NOW, usegmt=True)}


def test_an_answer_carries_what_the_reader_of_pages_needs(
    client: GitHubClient, upstream: Upstream
) -> None:
    link = f'<{upstream.url}/repositories/1/issues?page=2&q=a%2Fb>; rel="next"'
    link += f', <{upstream.url}/repositories/1/issues?page=9>; rel="last"'
    upstream.replies = [Reply(body=b'[{"id": 1}]', headers={**DATE, "link": link, "etag": '"e"'})]

    answer = client.get("repos/o/n/issues", {"state": "all"})
    client.get(str(answer.next_url))

    assert (answer.body, answer.etag, answer.date) == (b'[{"id": 1}]', '"e"', NOW)
    assert answer.last_url == f"{upstream.url}/repositories/1/issues?page=9"
    assert [asked.path for asked in upstream.asked] == [
        "/repos/o/n/issues?state=all",
        "/repositories/1/issues?page=2&q=a%2Fb",
    ]


def test_nobody_who_was_forgotten_is_in_an_answer(connect: Connect, upstream: Upstream) -> None:
    salt = b"x" * 32
    veil = Veil(salt, [Ghost(1)], [term(salt, Kind.LOGIN, "ann", ghost=1)])
    upstream.replies = [
        Reply(body=b'[{"id": 1, "user": {"login": "ann"}}]'), Reply(body=b'[{"a":"\\ud800"}]'),
        Reply(body=b'{"data": {"n": {"author": {"login": "Ann", "id": "U_1"}}}}'),
    ]  # fmt: skip
    client = connect(veil=veil)

    answer, odd = client.get("repos/o/n/issues"), client.get("repos/o/n/issues")

    assert answer.body == answer.original == b'[{"id":1,"user":{"login":"ghost.1"}}]'
    assert odd.original == b'[{"a":"\\ud800"}]'
    assert client.query("totals", {}) == {"n": {"author": {"login": "ghost.1", "id": "ghost.1"}}}


def test_a_page_without_a_link_is_the_last_one(client: GitHubClient) -> None:
    answer = client.get("repos/o/n/issues")

    assert (answer.next_url, answer.last_url, answer.etag) == (None, None, None)


def test_what_has_not_changed_costs_nothing(client: GitHubClient, upstream: Upstream) -> None:
    upstream.replies = [Reply(304, b"", {"etag": '"e"'})]

    answer = client.get("repos/o/n", etag='"e"')

    assert (answer.is_unmodified, answer.body) == (True, b"")
    assert upstream.asked[0].headers["if-none-match"] == '"e"'
    assert [(one.status, one.cost) for one in client.drain()] == [(304, 0)]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500), Reply(502, b"<html>Unicorn!</html>"), Reply(503), Reply(504),
        Reply(is_lost=True), Reply(is_cut=True),
        Reply(body=b'[{"id": 1}, {"id"'), Reply(body=b"<html>Unicorn!</html>"), Reply(body=b""),
        Reply(body=b"\xef\xbb\xbf[]"), Reply(body=b"[" * 100_000),
        Reply(body=b"no gzip", headers={"content-encoding": "gzip"}),
    ],
    ids=[
        "500", "502", "503", "504", "lost", "cut", "truncated", "html", "empty", "bom", "nested",
        "gzip",
    ],
)  # fmt: skip
def test_a_broken_answer_is_asked_for_again_and_never_taken_for_an_empty_one(
    client: GitHubClient, upstream: Upstream, slept: list[float], reply: Reply
) -> None:
    upstream.replies = [reply, Reply(body=b'[{"id": 1}]')]
    assert client.get("repos/o/n/issues").body == b'[{"id": 1}]'
    assert len(slept) == 1

    upstream.replies = [reply]
    with pytest.raises(UpstreamUnavailable, match=r"^127\.0\.0\.1 does not answer: .+"):
        client.get("repos/o/n/issues")
    assert 3 <= len(upstream.asked) - 2 <= 6
    assert slept[1:] == sorted(slept[1:])
    assert {one.error is None for one in client.drain()} == {True, False}


def test_an_answer_that_does_not_come_is_given_up(connect: Connect, upstream: Upstream) -> None:
    upstream.replies = [Reply(delay_seconds=10), Reply()]

    answer = connect(timeout_seconds=0.1).get("repos/o/n")

    assert answer.status == 200


def test_without_a_network_github_is_unavailable(connect: Connect) -> None:
    client = connect(url=f"http://127.0.0.1:{free_port(0)}")

    with pytest.raises(UpstreamUnavailable) as caught:
        client.get("repos/o/n")

    assert caught.value.target == "127.0.0.1"
    assert {(one.status, one.cost) for one in client.drain()} == {(0, 0)}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, NotVisible), (404, NotVisible), (409, NotVisible),
        (410, NotVisible), (451, NotVisible), (400, UnexpectedPayload), (422, UnexpectedPayload),
        (204, UnexpectedPayload),
    ],
)  # fmt: skip
def test_a_refusal_is_typed_and_not_asked_for_again(
    client: GitHubClient, upstream: Upstream, status: int, error: type[GitInsightError]
) -> None:
    upstream.replies = [Reply(status, b"" if status == 204 else b'{"message": "So."}')]

    with pytest.raises(error) as caught:
        client.get("repos/o/n")

    assert len(upstream.asked) == 1
    if isinstance(caught.value, NotVisible):
        assert (caught.value.target, caught.value.status, caught.value.reason) == (
            "/repos/o/n", status, "So.",
        )  # fmt: skip
    assert [one.error for one in client.drain()] == [error.__name__]


def test_a_refusal_without_words_has_its_status(client: GitHubClient, upstream: Upstream) -> None:
    upstream.replies = [Reply(404, b"<html>")]

    with pytest.raises(NotVisible, match=r"/repos/o/n \(HTTP 404: Not Found\)"):
        client.get("repos/o/n")


def test_a_block_is_told_with_its_reason(client: GitHubClient, upstream: Upstream) -> None:
    body = b'{"message": "Repository access blocked", "block": {"reason": "dmca"}}'
    upstream.replies = [Reply(451, body)]

    with pytest.raises(NotVisible, match=r"HTTP 451: Repository access blocked \(dmca\)"):
        client.get("repos/o/n")


def test_a_node_that_is_gone_comes_back_as_null(client: GitHubClient, upstream: Upstream) -> None:
    body = {"data": {"nodes": [None, {"id": "b"}]}, "errors": [{"type": "NOT_FOUND"}]}
    upstream.replies = [Reply(body=json.dumps(body).encode())]

    found = client.query("pull_requests", {"ids": ["a", "b"]})

    assert found["nodes"] == [None, {"id": "b"}]
    asked = json.loads(upstream.asked[0].body)
    assert (upstream.asked[0].method, asked["variables"]) == ("POST", {"ids": ["a", "b"]})
    assert asked["query"].startswith("# Hydrates changed pull requests.")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"data": {"a": 1}, "errors": [{"type": "FORBIDDEN"}]}, NotVisible),
        ({"data": {"a": 1}, "errors": [{"type": "FORBIDDEN"}, {"type": "x"}]}, UnexpectedPayload),
        ({"errors": [{"message": "Field 'x' doesn't exist"}]}, UnexpectedPayload),
        ({"data": None, "errors": [{"type": "NOT_FOUND"}]}, NotVisible),
        ({"data": {"repository": None}, "errors": [{"type": "NOT_FOUND"}]}, NotVisible),
        ({"data": {"repository": None}}, UpstreamUnavailable),
        ({"data": None}, UpstreamUnavailable),
        ([], UnexpectedPayload),
        ({"errors": [{"message": "Something went wrong while executing"}]}, UpstreamUnavailable),
        ({"data": {"a": 1}, "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED"}]}, UpstreamUnavailable),
        ({"data": None, "errors": [{"message": "timedout"}]}, UpstreamUnavailable),
        ({"data": None, "errors": [{"type": "MAX_NODE_LIMIT_EXCEEDED"}]}, UpstreamUnavailable),
        ({"data": None, "errors": [{"type": "ARGUMENT_LIMIT"}]}, UpstreamUnavailable),
    ],
    ids=[
        "forbidden", "forbidden-and-more", "unknown-field", "not-found", "no-repository",
        "null-repository", "null", "list", "crashed", "too-heavy", "timeout", "too-many-nodes",
        "too-large",
    ],
)  # fmt: skip
def test_an_error_of_graphql_is_never_taken_for_data(
    client: GitHubClient, upstream: Upstream, body: object, error: type[GitInsightError]
) -> None:
    upstream.replies = [Reply(body=json.dumps(body).encode())]

    with pytest.raises(error, match="GraphQL query totals"):
        client.query("totals", {})


@pytest.mark.parametrize(
    ("rate_limit", "cost"), [('{"cost": 3}', 3), ("null", 1), ('{"cost": "x"}', 1)]
)
def test_the_ledger_holds_what_a_query_cost(
    client: GitHubClient, upstream: Upstream, rate_limit: str, cost: int
) -> None:
    upstream.replies = [Reply(body=b'{"data": {"rateLimit": %s}}' % rate_limit.encode())]

    client.query("totals", {})

    assert [(one.bucket, one.cost) for one in client.drain()] == [("graphql", cost)]


def test_the_ledger_is_drained_once_and_holds_every_call(
    client: GitHubClient, upstream: Upstream
) -> None:
    upstream.replies = [Reply(502), Reply(body=b"[1]")]
    client.get("repos/o/n/labels")

    first, second = client.drain()

    assert (first.status, first.error, second.status, second.error) == (
        502, "UpstreamUnavailable", 200, None,
    )  # fmt: skip
    assert (second.path, second.bytes, second.principal) == (
        "/repos/o/n/labels", 3, client.principal,
    )  # fmt: skip
    assert client.drain() == []


def test_a_token_is_known_in_the_ledger_by_its_fingerprint(connect: Connect) -> None:
    one, same, other = (connect(token) for token in "aab")

    assert one.principal == same.principal != other.principal
    assert "a" not in {one.principal, other.principal}
    assert (one.has_token, ANONYMOUS.fingerprint) == (True, "anonymous")


def test_three_redirects_are_followed_and_paid_for(
    client: GitHubClient, upstream: Upstream
) -> None:
    hops = [Reply(301, headers={"location": f"/{hop}"}) for hop in "abc"]
    upstream.replies = [*hops, Reply(body=b"[1]")]

    answer = client.get("repos/o/n")

    assert (answer.body, answer.url) == (b"[1]", f"{upstream.url}/c")
    assert [one.cost for one in client.drain()] == [4]


def test_a_redirect_loop_ends_with_a_clear_error(client: GitHubClient, upstream: Upstream) -> None:
    upstream.replies = [Reply(301, headers={"location": "/repos/o/n"})]

    with pytest.raises(UnexpectedPayload, match="redirects without end"):
        client.get("repos/o/n")

    assert len(upstream.asked) == 4


@pytest.mark.parametrize("is_redirect", [True, False], ids=["redirect", "link"])
def test_the_token_does_not_follow_to_another_host(
    client: GitHubClient, upstream: Upstream, *, is_redirect: bool
) -> None:
    with Upstream(Reply()) as other:
        upstream.replies = [Reply(302, headers={"location": f"{other.url}/x"})]

        client.get("repos/o/n" if is_redirect else f"{other.url}/x")

        assert "authorization" not in other.asked[0].headers
    assert [one.headers["authorization"] for one in upstream.asked] == (
        [f"Bearer {TOKEN}"] if is_redirect else []
    )


def test_what_is_left_of_each_limit_is_remembered(client: GitHubClient, upstream: Upstream) -> None:
    upstream.replies = [
        Reply(headers={
            "x-ratelimit-remaining": left, "x-ratelimit-reset": "1900000000",
            "x-ratelimit-resource": bucket,
        })
        for bucket, left in (("core", "41"), ("search", "9"), ("core", "40"))
    ]  # fmt: skip
    upstream.replies.append(Reply())

    for _ in range(4):
        client.get("repos/o/n")

    assert {name: budget.remaining for name, budget in client.budgets.items()} == {
        "core": 40, "search": 9,
    }  # fmt: skip


def test_what_postgresql_refuses_is_replaced_and_the_original_kept(
    client: GitHubClient, upstream: Upstream
) -> None:
    upstream.replies = [Reply(body=rb'[{"id": 1, "body": "\u0000"}]'), Reply(body=b"[]")]

    answer = client.get("repos/o/n/issues")

    assert answer.is_sanitised
    assert answer.body == rb'[{"id": 1, "body": "\ufffd"}]'
    assert answer.original == rb'[{"id": 1, "body": "\u0000"}]'
    assert not client.get("repos/o/n/issues").is_sanitised


def test_threads_share_a_client_and_its_ledger(client: GitHubClient, upstream: Upstream) -> None:
    def ask() -> None:
        for _ in range(5):
            client.get("repos/o/n")

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(client.drain()) == 30


def test_every_request_says_who_asks_and_for_which_version(
    client: GitHubClient, upstream: Upstream
) -> None:
    client.get("repos/o/n")

    headers = upstream.asked[0].headers
    assert headers["user-agent"] == "gitinsight"
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["x-github-api-version"] == "2022-11-28"


def test_a_rejected_token_is_tried_once_more_and_then_no_more(
    client: GitHubClient, upstream: Upstream
) -> None:
    upstream.replies = [Reply(401)]

    for _ in range(2):
        with pytest.raises(TokenRejected):
            client.get("repos/o/n")

    assert [one.error for one in client.drain()] == ["TokenRejected"] * 2
    assert len(upstream.asked) == 2


def test_the_page_of_a_rejected_token_is_asked_for_by_another(
    connect: Connect, upstream: Upstream
) -> None:
    client = connect("a", "b")
    upstream.replies = [Reply(401), Reply(body=b"[1]")]

    answer = client.get("repos/o/n/issues")

    assert answer.body == b"[1]"
    assert authorizations(upstream) == ["a", "b"]
    assert answer.principal != client.principal


def test_what_one_token_is_not_shown_another_may_be_and_is_asked_first_from_then_on(
    connect: Connect, upstream: Upstream
) -> None:
    client = connect("a", "b")
    upstream.replies = [Reply(404), Reply()]

    answer = client.get("repos/o/private")
    client.get("repos/o/private/issues")

    assert authorizations(upstream) == ["a", "b", "b"]
    assert client.principal == answer.principal


def test_what_no_token_is_shown_is_not_visible(connect: Connect, upstream: Upstream) -> None:
    upstream.replies = [Reply(404)]

    with pytest.raises(NotVisible):
        connect("a", "b").get("repos/o/none")

    assert authorizations(upstream) == ["a", "b"]
