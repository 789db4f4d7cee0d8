"""Searches over HTTP, from what is published to what is found."""

import httpx2
import pytest

from tests.support.marts import publish_figures
from tests.support.rows import AT, add_repository, claim, payload_row
from tests.support.waiting import wait_for
from warehouse import raw
from warehouse.engine import Engine
from warehouse.jobs import Job
from warehouse.raw import Origin


@pytest.fixture
def job(warehouse: Engine) -> Job:
    job = claim(warehouse, add_repository(warehouse, "octo/parser"))
    tell(warehouse, job, "It crashes")
    publish_figures(warehouse, job)
    return job


def tell(warehouse: Engine, job: Job, title: str) -> None:
    origin = Origin(job.repository_id, "rest", "2022-11-28", AT, job.job_id)
    row = payload_row(5, number=5, title=title, body="on Mondays", state="open", comments=2,
                      user={"login": "ann"}, labels=[{"name": "bug"}])  # fmt: skip
    with warehouse.begin() as connection:
        raw.upsert(connection, "issues", [row], origin=origin)


def titles(api: httpx2.Client, q: str) -> list[str]:
    found = api.get("/api/v1/fast/search", params={"q": q}).raise_for_status().json()["data"]
    return [one["title"] for one in found]


def test_what_is_published_is_found_and_what_it_was_is_not(
    api: httpx2.Client, warehouse: Engine, job: Job
) -> None:
    wait_for(lambda: titles(api, "crashes") == ["It crashes"])
    assert titles(api, "parser") == ["octo/parser"]
    assert titles(api, "mondays") == ["It crashes"]

    tell(warehouse, job, "It hangs")
    publish_figures(warehouse, job)

    wait_for(lambda: titles(api, "hangs") == ["It hangs"])
    assert titles(api, "crashes") == []


def test_what_is_asked_twice_is_answered_by_the_lane(api: httpx2.Client, job: Job) -> None:
    path = "/api/v1/fast/search?q=crashes&limit=5"
    wait_for(lambda: titles(api, "crashes"))
    first = api.get(path)
    second = api.get(path)

    assert len(second.headers["x-request-id"]) == 20
    assert first.content == second.content
    held = {"if-none-match": second.headers["etag"]}
    assert api.get(path, headers=held).status_code == 304


@pytest.mark.parametrize(
    "query",
    ["", "q=", "q=a&limit=0", "q=a&limit=101", "q=a&type=none", "q=" + "a" * 201,
     "q=a&repository_id=99999999999999999999"],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(api: httpx2.Client, query: str) -> None:
    answer = api.get(f"/api/v1/fast/search?{query}")

    assert (answer.status_code, answer.json()["status"]) == (422, 422)
