"""Every fault comes when it is asked for, by itself, and goes when calm is asked for."""

import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest

from tests.support.github import GitHub

AURORA = "repos/synthetic-labs/aurora"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"reset_rate": 1}, httpx2.RemoteProtocolError), ({"gzip_rate": 1}, httpx2.DecodingError),
        ({"hang_rate": 1}, httpx2.ReadTimeout),
    ],
)  # fmt: skip
def test_an_answer_can_break_off(
    caller: httpx2.Client, panel: GitHub, fault: dict[str, Any], error: type[Exception]
) -> None:
    panel.control(**fault)

    with pytest.raises(error):
        caller.get(AURORA, timeout=0.5)
    panel.control(calm=True)
    assert caller.get(AURORA).status_code == 200


@pytest.mark.parametrize("fault", ["truncate_rate", "empty_rate"])
def test_a_whole_answer_can_hold_half_a_body(
    caller: httpx2.Client, panel: GitHub, fault: str
) -> None:
    panel.control(**{fault: 1})
    answer = caller.get(AURORA)

    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()


@pytest.mark.parametrize("status", [200, 502])
def test_a_page_for_people_can_come_instead(
    caller: httpx2.Client, panel: GitHub, status: int
) -> None:
    panel.control(html_rate=1, html_status=status)
    answer = caller.get(AURORA)

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "Unicorn" in answer.text


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("told", ["seconds", "date", "none"])
def test_every_third_request_can_meet_the_secondary_limit(
    caller: httpx2.Client, panel: GitHub, status: int, told: str
) -> None:
    panel.control(secondary_every=3, secondary_status=status, secondary_retry_after=told)
    panel.start_counting()

    answers = [caller.get(AURORA) for _ in range(6)]

    assert [one.status_code for one in answers] == [200, 200, status] * 2
    assert "secondary rate limit" in answers[2].json()["message"]
    assert panel.statistics()["refused"] == 2
    wait = answers[2].headers.get("retry-after")
    if told == "date":
        assert parsedate_to_datetime(wait) > parsedate_to_datetime(answers[2].headers["date"])
    else:
        assert wait == {"seconds": "60", "none": None}[told]


def test_the_wait_that_is_told_can_be_set(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(secondary_every=1, secondary_seconds=3)

    assert caller.get(AURORA).headers["retry-after"] == "3"


def test_a_token_can_be_revoked_between_two_requests(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(revoke_after=2)

    assert [caller.get(AURORA).status_code for _ in range(3)] == [200, 200, 401]
    other = {"authorization": "Bearer other"}
    assert caller.get(AURORA, headers=other).status_code == 200


def test_the_clock_can_be_wrong(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(clock_skew=-600)
    (shown,) = caller.get(AURORA).headers.get_list("date")

    assert abs(parsedate_to_datetime(shown).timestamp() + 600 - time.time()) < 60


def test_answers_can_be_slow(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(latency=0.3)
    began = time.monotonic()
    caller.get(AURORA)

    assert time.monotonic() - began >= 0.3


def test_the_seed_decides_which_requests_fail(caller: httpx2.Client, panel: GitHub) -> None:
    def failures() -> list[int]:
        panel.control(calm=True, error_rate=0.5)
        return [caller.get("rate_limit").status_code for _ in range(20)]

    assert failures() == failures()
    assert set(failures()) == {200, 502}


def test_json_can_come_after_a_byte_order_mark(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(bom_rate=1)

    assert caller.get(AURORA).content.startswith(b"\xef\xbb\xbf{")


def test_headers_of_limits_and_the_date_can_be_missing(
    caller: httpx2.Client, panel: GitHub
) -> None:
    panel.control(is_bare=True)
    answer = caller.get(AURORA)

    assert "etag" in answer.headers
    assert not [one for one in answer.headers if one == "date" or one.startswith("x-ratelimit")]
