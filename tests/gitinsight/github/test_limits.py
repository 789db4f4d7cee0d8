"""What is read out of GitHub's answers about its limits, sensible and otherwise."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from gitinsight.github import limits
from gitinsight.github.limits import Budget, Verdict

NOW = datetime.now(UTC).replace(microsecond=0)
DATE = {"date": format_datetime(NOW, usegmt=True)}
NO_QUOTA = {**DATE, "x-ratelimit-remaining": "0"}
SECONDARY = b'{"message": "You have exceeded a secondary rate limit. Please wait."}'


def later(seconds: float) -> str:
    return str(int((NOW + timedelta(seconds=seconds)).timestamp()))


def waits(response: httpx2.Response, bucket: str = "core") -> float | None:
    """Seconds that the limit lasts: a minute where GitHub names no time."""
    hit = limits.hit(response, bucket)
    if hit is None:
        return None
    return 60 if hit.seconds is None else hit.seconds


@pytest.mark.parametrize(
    ("headers", "body", "verdict"),
    [
        ({**DATE, "retry-after": "7"}, SECONDARY, Verdict.TOLD),
        ({**NO_QUOTA, "retry-after": "7", "x-ratelimit-reset": later(20)}, b"{}", Verdict.TOLD),
        ({**NO_QUOTA, "x-ratelimit-reset": later(20)}, b"{}", Verdict.USED_UP),
        ({**DATE, "x-ratelimit-remaining": "4000"}, SECONDARY, Verdict.SECONDARY),
    ],
    ids=["told", "told-first", "used-up", "secondary"],
)
def test_a_limit_holds_for_everything_for_one_bucket_or_for_too_much_at_once(
    headers: Mapping[str, str], body: bytes, verdict: Verdict
) -> None:
    hit = limits.hit(httpx2.Response(403, headers=headers, content=body), "core")

    assert hit is not None
    assert hit.verdict is verdict


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (403, {**DATE, "retry-after": "7"}, 7),
        (429, {**DATE, "retry-after": "7"}, 7),
        (403, {**DATE, "retry-after": "0"}, 1),
        (429, {"retry-after": "7"}, 7),
        (429, {**DATE, "retry-after": "999999"}, 3600),
        (429, {**DATE, "retry-after": "soon"}, 60),
        (403, {**NO_QUOTA, "x-ratelimit-reset": later(20)}, 20),
        (429, {**NO_QUOTA, "x-ratelimit-reset": later(20)}, 20),
        (403, {**NO_QUOTA, "x-ratelimit-reset": later(20), "retry-after": "5"}, 5),
        (403, {**NO_QUOTA, "x-ratelimit-reset": later(-500)}, 1),
        (429, {**NO_QUOTA, "x-ratelimit-reset": "never"}, 60),
        (429, {}, 60),
    ],
)
def test_a_limit_lasts_as_long_as_github_says_and_a_minute_where_it_does_not(
    status: int, headers: Mapping[str, str], seconds: float
) -> None:
    response = httpx2.Response(status, headers=headers, content=b"{}")

    assert waits(response) == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize(("seconds", "expected"), [(30, 30), (-30, 1)])
def test_a_time_to_try_again_may_be_a_date(seconds: int, expected: int) -> None:
    until = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    response = httpx2.Response(429, headers={**DATE, "retry-after": until})

    assert waits(response) == pytest.approx(expected, abs=1)


def test_a_secondary_limit_may_be_told_in_words_alone() -> None:
    headers = {**DATE, "x-ratelimit-remaining": "4000", "x-ratelimit-reset": later(900)}

    assert waits(httpx2.Response(403, headers=headers, content=SECONDARY)) == pytest.approx(60, 1)


@pytest.mark.parametrize("skew", [timedelta(minutes=-10), timedelta(minutes=10)])
def test_only_githubs_clock_says_how_long_a_limit_lasts(skew: timedelta) -> None:
    headers = {
        "date": format_datetime(NOW + skew, usegmt=True), "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": later(skew.total_seconds() + 40),
    }  # fmt: skip

    assert waits(httpx2.Response(403, headers=headers)) == pytest.approx(40, abs=1)


@pytest.mark.parametrize("kind", ["RATE_LIMITED", "RATE_LIMIT"])
def test_graphql_says_with_status_200_that_a_limit_is_used_up(kind: str) -> None:
    body = json.dumps({"data": None, "errors": [{"type": kind}]}).encode()
    response = httpx2.Response(
        200, headers={**NO_QUOTA, "x-ratelimit-reset": later(9)}, content=body
    )

    assert waits(response, "graphql") == pytest.approx(9, abs=1)
    assert waits(httpx2.Response(200, content=body), "graphql") == pytest.approx(60, abs=1)


@pytest.mark.parametrize(
    ("status", "bucket", "body"),
    [
        (200, "core", b"[]"),
        (403, "core", b'{"message": "Resource not accessible by personal access token"}'),
        (404, "core", SECONDARY),
        (502, "core", SECONDARY),
        (200, "core", b'{"errors": [{"type": "RATE_LIMITED"}]}'),
        (200, "graphql", b'{"data": {"message": "RATE_LIMITED, secondary rate"}}'),
        (200, "graphql", b'["RATE_LIMITED"]'),
        (200, "graphql", b'{"errors": "RATE_LIMITED'),
    ],
)
def test_what_is_no_limit_is_none(status: int, bucket: str, body: bytes) -> None:
    headers = {"x-ratelimit-remaining": "4000", "x-ratelimit-reset": later(60)}

    assert waits(httpx2.Response(status, headers=headers, content=body), bucket) is None


def test_what_is_left_is_what_the_headers_say() -> None:
    headers = {"x-ratelimit-remaining": "41", "x-ratelimit-reset": later(90)}
    plain = httpx2.Response(200, headers=headers)
    named = httpx2.Response(200, headers={**headers, "x-ratelimit-resource": "search"})
    limited = httpx2.Response(200, headers={**headers, "x-ratelimit-limit": "5000"})

    reset_at = NOW + timedelta(seconds=90)
    assert limits.left(limited, "core") == Budget("core", 41, reset_at, 5000)
    assert limits.left(plain, "core") == Budget("core", 41, reset_at)
    assert limits.left(named, "core") == Budget("search", 41, reset_at)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining": "41"},
        {"x-ratelimit-remaining": "many", "x-ratelimit-reset": "1"},
        {"x-ratelimit-remaining": "41", "x-ratelimit-reset": "late"},
        {"x-ratelimit-remaining": "41", "x-ratelimit-reset": "9" * 30},
    ],
)
def test_without_sensible_headers_what_is_left_is_unknown(headers: Mapping[str, str]) -> None:
    assert limits.left(httpx2.Response(200, headers=headers), "core") is None


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}])
def test_an_answer_without_a_date_came_now(headers: Mapping[str, str]) -> None:
    found = limits.date_of(httpx2.Response(200, headers=headers))

    assert abs(found - datetime.now(UTC)) < timedelta(seconds=5)
