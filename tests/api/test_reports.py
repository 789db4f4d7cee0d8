"""A wrong figure is reported where it is shown, and answered by a maintainer."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from api.reports import A_MINUTE
from tests.support.rows import value
from warehouse.engine import Engine

NEW = "/api/v1/repositories/1/reports"
GIVEN: dict[str, Any] = {
    "metric": "commits@1", "shown": "7", "as_of": "2026-06-01T12:00:00Z", "comment": "too few",
}  # fmt: skip


@pytest.fixture
def guest(published: httpx2.Client) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=published.base_url, timeout=30) as client:
        yield client


def test_a_report_is_listed_until_it_is_answered(
    published: httpx2.Client, guest: httpx2.Client, library: Engine
) -> None:
    made = guest.post(NEW, json=GIVEN)
    assert made.status_code == 201, made.text
    report_id = made.json()["report_id"]
    assert made.json() | GIVEN == made.json()
    assert made.json()["reported_by"] == "anybody"
    assert guest.get("/api/v1/reports").status_code == 401

    opened = published.get("/api/v1/reports", params={"state": "open", "limit": 1}).json()
    assert [one["report_id"] for one in opened["data"]] == [report_id]

    path = f"/api/v1/reports/{report_id}/answer"
    assert published.put(path, json={"answer": " "}).status_code == 422
    closed = published.put(path, json={"answer": "It was."}).json()
    assert (closed["answer"], closed["closed_by"]) == ("It was.", "admin")
    [found] = published.get("/api/v1/reports", params={"state": "closed"}).json()["data"]
    assert found == closed


def test_it_is_in_the_audit(published: httpx2.Client, library: Engine) -> None:
    published.post(NEW, json=GIVEN, headers={"x-request-id": "report-0"}).raise_for_status()

    found = value(
        library,
        "select array[principal, route, status::text] from auth.audit where request_id = %s",
        "report-0",
    )
    assert found == ["admin", "/api/v1/repositories/{repository_id}/reports", "201"]


@pytest.mark.parametrize(
    "told",
    [{"metric": "<b>"}, {"metric": ""}, {"comment": ""}, {"comment": "\n"}, {"comment": "x" * 2001},
     {"comment": "a\0"}, {"shown": "x" * 201}, {"as_of": "2026-06-01T12:00:00"},
     {"as_of": 0}, {"as_of": "0"}, {"extra": 1}],
)  # fmt: skip
def test_what_is_no_report_is_refused(published: httpx2.Client, told: dict[str, Any]) -> None:
    refused = published.post(NEW, json=GIVEN | told, headers={"authorization": ""})

    assert refused.status_code in {422, 429}
    assert refused.status_code == 422 or "reports a minute" in refused.text


def test_of_what_is_not_followed_nothing_is_reported(published: httpx2.Client) -> None:
    assert published.post("/api/v1/repositories/9/reports", json=GIVEN).status_code == 404


def test_nobody_reports_without_end(published: httpx2.Client) -> None:
    answers = [published.post(NEW, json=GIVEN) for _ in range(2 * A_MINUTE + 1)]

    assert {one.status_code for one in answers} == {201, 429}
    refused = next(one for one in answers if one.status_code == 429)
    assert int(refused.headers["retry-after"]) <= 60
