"""Waits: those that are sat out, those that are the caller's to plan around."""

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from gitinsight.errors import Cancelled, RateLimited
from gitinsight.github.client import GitHubClient
from gitinsight.github.governor import LocalGovernor, Wait
from gitinsight.github.pace import Pace, Reason
from gitinsight.github.principals import users
from gitinsight.github.turns import Turns
from tests.support.client import SLICE, TOKEN, Connect, authorizations
from tests.support.upstream import Reply, Upstream

NOW = datetime.now(UTC).replace(microsecond=0)
DATE = {"date": format_datetime(NOW, usegmt=True)}
SECONDARY = b'{"message": "You have exceeded a secondary rate limit."}'


def test_a_limit_that_ends_soon_is_waited_for(
    connect: Connect, upstream: Upstream, slept: list[float]
) -> None:
    told: list[tuple[Wait, datetime]] = []
    upstream.replies = [Reply(429, headers={"retry-after": "7"}), Reply()]

    answer = connect(on_wait=lambda *one: told.append(one)).get("repos/o/n/issues")

    assert answer.body == b"[]"
    assert sum(slept) == pytest.approx(7.5, abs=0.5)
    ((wait, until),) = told
    assert (wait.bucket, wait.reason) == ("core", Reason.TOLD)
    assert (until - datetime.now(UTC)).total_seconds() == pytest.approx(wait.seconds, abs=1)


def test_a_limit_of_graphql_is_waited_for_though_its_status_is_200(
    client: GitHubClient, upstream: Upstream, slept: list[float]
) -> None:
    body = b'{"data": null, "errors": [{"type": "RATE_LIMITED"}]}'
    upstream.replies = [Reply(body=body), Reply(body=b'{"data": {"node": null}}')]

    assert client.query("totals", {}) == {"node": None}
    assert sum(slept) == pytest.approx(60.5, abs=0.5)


def test_a_limit_that_ends_late_is_the_callers_to_plan_around(
    client: GitHubClient, upstream: Upstream, slept: list[float]
) -> None:
    upstream.replies = [Reply(429, headers={"retry-after": "900"})]

    with pytest.raises(RateLimited) as caught:
        client.get("repos/o/n")

    assert caught.value.bucket == "core"
    expected = datetime.now(UTC) + timedelta(seconds=900)
    assert abs(caught.value.retry_at - expected) < timedelta(seconds=10)
    assert (slept, len(upstream.asked)) == ([], 1)


def test_a_limit_without_end_is_told_and_not_slept_over_for_nothing(
    client: GitHubClient, upstream: Upstream, slept: list[float]
) -> None:
    upstream.replies = [Reply(429, headers={"retry-after": "5"})]

    with pytest.raises(RateLimited):
        client.get("repos/o/n")

    assert len(upstream.asked) == 5
    assert sum(slept) == pytest.approx(22, abs=2)


def test_a_wait_notices_that_the_job_was_cancelled(
    connect: Connect, upstream: Upstream, slept: list[float]
) -> None:
    upstream.replies = [Reply(429, headers={"retry-after": "60"})]

    with pytest.raises(Cancelled):
        connect(is_cancelled=lambda: len(slept) > 0).get("repos/o/n")

    assert (sum(slept), len(upstream.asked)) == (SLICE, 1)


def test_another_principal_serves_while_the_first_is_blocked_and_sends_no_etag(
    connect: Connect, upstream: Upstream, slept: list[float]
) -> None:
    client = connect("a", "b")
    upstream.replies = [Reply(403, headers={"retry-after": "60"}), Reply()]

    client.get("repos/o/n")
    client.get("repos/o/n", etag='"of-a"')

    assert authorizations(upstream) == ["a", "b", "b"]
    assert "if-none-match" not in upstream.asked[2].headers
    assert slept == []


def test_a_conditional_request_waits_a_moment_for_the_principal_that_its_etag_belongs_to(
    connect: Connect, upstream: Upstream, slept: list[float]
) -> None:
    client = connect("a", "b")
    upstream.replies = [Reply(403, headers={"retry-after": "2"}), Reply()]

    client.get("repos/o/n")
    client.get("repos/o/n", etag='"of-a"')

    assert authorizations(upstream) == ["a", "b", "a"]
    assert upstream.asked[2].headers["if-none-match"] == '"of-a"'
    assert sum(slept) == pytest.approx(2.5, abs=0.5)


def test_a_secondary_limit_without_a_time_is_waited_for_longer_each_time(
    connect: Connect, upstream: Upstream, slept: list[float]
) -> None:
    upstream.replies = [Reply(403, SECONDARY), Reply(403, SECONDARY), Reply()]

    connect(wait_seconds=300).get("repos/o/n")

    assert sum(slept) == pytest.approx(60 + 120 + 1, abs=1)


def test_nothing_is_sent_once_the_rest_is_the_owners(connect: Connect, upstream: Upstream) -> None:
    headers = {
        **DATE, "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "500",
        "x-ratelimit-reset": str(int(NOW.timestamp()) + 900),
    }  # fmt: skip
    upstream.replies = [Reply(headers=headers)]
    client = connect(pace=Pace(reserve_ratio=0.1))
    client.get("repos/o/n")

    with pytest.raises(RateLimited, match="core"):
        client.get("repos/o/n")

    assert len(upstream.asked) == 1


def test_no_more_requests_are_on_their_way_at_once_than_are_allowed(
    connect: Connect, upstream: Upstream
) -> None:
    upstream.replies = [Reply(delay_seconds=0.05)]
    client = GitHubClient(
        api_url=upstream.url, graphql_url="", principals=lambda: users([TOKEN]),
        turns=Turns(LocalGovernor(upstream.url, Pace(in_flight=2))),
    )  # fmt: skip
    threads = [threading.Thread(target=client.get, args=("repos/o/n",)) for _ in range(6)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    client.close()

    sent = sorted((one.at, one.milliseconds) for one in client.drain())
    ends = [at + timedelta(milliseconds=took) for at, took in sent]
    assert all(
        sum(start <= at < end for (start, _), end in zip(sent, ends, strict=True)) <= 2
        for at, _ in sent
    )
