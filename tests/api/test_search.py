"""Searches of everything over HTTP: what is filtered, and what matched."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.marts import publish_figures, publish_two
from tests.support.people import client_of, where_keys_are_needed
from tests.support.rows import AT, add_repository, claim, payload_row
from tests.support.waiting import wait_for
from warehouse import raw, repositories
from warehouse.engine import Engine
from warehouse.raw import Origin

SEARCH = "/api/v1/search"
ISSUES: tuple[tuple[int, datetime, dict[str, Any]], ...] = (
    (5, datetime(2026, 4, 1, 12, tzinfo=UTC),
     {"title": "It crashes", "state": "open", "labels": [{"name": "Bug"}]}),
    (6, datetime(2026, 5, 1, tzinfo=UTC),
     {"title": "It crashes again", "state": "closed", "labels": []}),
)  # fmt: skip


@pytest.fixture
def published(warehouse: Engine) -> Engine:
    job = claim(warehouse, add_repository(warehouse, "octo/parser"))
    origin = Origin(job.repository_id, "rest", "2022-11-28", AT, job.job_id)
    rows = [
        payload_row(number, at=at, number=number, user={"login": "ann"}, **told)
        for number, at, told in ISSUES
    ]
    with warehouse.begin() as connection:
        raw.upsert(connection, "issues", rows, origin=origin)
    publish_figures(warehouse, job)
    return warehouse


def numbers(api: httpx2.Client, **asked: Any) -> list[int]:
    found = api.get(SEARCH, params={"q": "crashes"} | asked).raise_for_status().json()["data"]
    return sorted(one["number"] for one in found)


def test_what_github_shows_no_more_is_found_as_such_without_another_reading(
    api: httpx2.Client, published: Engine
) -> None:
    def found(**asked: str) -> list[tuple[str, str]]:
        answer = api.get(SEARCH, params={"q": "parser", "type": "repository"} | asked)
        return [(one["title"], one["state"]) for one in answer.raise_for_status().json()["data"]]

    wait_for(lambda: found() == [("octo/parser", "active")])
    with published.begin() as connection:
        repositories.record_loss(connection, 1, reason="it was deleted")

    wait_for(lambda: found() == [("octo/parser", "unreadable")])


@pytest.mark.usefixtures("published")
def test_filters_are_joined_and_matches_are_marked(api: httpx2.Client) -> None:
    wait_for(lambda: numbers(api) == [5, 6])

    assert numbers(api, label="bug") == numbers(api, state="open") == [5]
    assert numbers(api, author="Ann", type="issue") == [5, 6]
    assert numbers(api, since="2026-05-01") == numbers(api, since="2026-04-01T12:00:01Z") == [6]
    assert numbers(api, until="2026-05-01T02:00:00+02:00") == [5]
    assert numbers(api, label="bug", since="2026-05-01") == []
    (one,) = api.get(SEARCH, params={"q": "crashes", "label": "bug"}).json()["data"]
    assert one["highlights"] == {"title": "It <mark>crashes</mark>"}
    (fast, _) = api.get("/api/v1/fast/search", params={"q": "crashes"}).json()["data"]
    assert "highlights" not in fast


def test_who_sees_everything_finds_it_by_the_fast_lane_as_well(
    settings: Settings, warehouse: Engine
) -> None:
    publish_two(warehouse, names=("octo/parser", "octo/parser-of-secrets"))
    with (
        serving_api(where_keys_are_needed(settings)) as url,
        client_of(url, ADMIN_KEY) as admin,
    ):

        def titles(**headers: str) -> list[str]:
            answer = admin.get("/api/v1/fast/search?q=parser", headers=headers)
            return [one["title"] for one in answer.raise_for_status().json()["data"]]

        # The lane leaves what asks for a range to the ordinary path.
        wait_for(lambda: len(titles(range="bytes=0-")) == 2)
        assert titles() == titles(range="bytes=0-")


@pytest.mark.parametrize(
    "query",
    ["", "q=", "q=a&limit=0", "q=a&limit=101", "q=a&type=none", "q=" + "a" * 201,
     "q=a&repository_id=99999999999999999999", "q=a&since=soon", "q=a&label=" + "a" * 201,
     "q=a&since=2026", "q=a&until=20260501"],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(api: httpx2.Client, query: str) -> None:
    answer = api.get(f"{SEARCH}?{query}")

    assert (answer.status_code, answer.json()["status"]) == (422, 422)
