"""All repositories at a glance, over HTTP."""

import httpx2
import pytest

from tests.support.marts import publish_figures
from tests.support.rows import AT, add_repository, claim, queue
from warehouse import completeness
from warehouse.completeness import judge
from warehouse.engine import Engine

PATH = "/api/v1/overview"


@pytest.fixture(scope="module")
def api(reading: httpx2.Client, library: Engine) -> httpx2.Client:
    """Of one with figures of which some are missing, one that waits, and a new one."""
    for number, name in enumerate(("octo/app", "octo/site", "else/where"), 1):
        add_repository(library, name, github_id=number)
    job = claim(library, 1)
    entries = {"issues": judge("issues", 10, 8), "tags": judge("tags", 3, 3)}
    with library.begin() as connection:
        completeness.record(connection, 1, entries, at=AT, job_id=job.job_id)
    publish_figures(library, job)
    queue(library, 2)
    return reading


def test_each_says_what_is_known_of_it(api: httpx2.Client) -> None:
    known, waiting, new = api.get(PATH).json()["data"]

    assert (known["full_name"], known["as_of"]) == ("octo/app", "2026-06-01T12:00:00Z")
    assert (known["coverage_ratio"], known["quality"]["status"]) == (0.8, "unknown")
    assert known["is_fresh"] is False
    assert waiting["job"]["state"] == "queued"
    assert (new["job"], new["coverage_ratio"], new["health_score"]) == (None, None, None)
    assert new["trend"] == []


def test_pages_follow_each_other(api: httpx2.Client) -> None:
    first = api.get(PATH, params={"limit": 2}).json()
    last = api.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]}).json()

    names = [one["full_name"] for one in (*first["data"], *last["data"])]
    assert names == ["octo/app", "octo/site", "else/where"]
    assert last["next_cursor"] is None


def test_only_those_whose_name_contains_it(api: httpx2.Client) -> None:
    found = api.get(PATH, params={"q": "octo"}).json()["data"]

    assert [one["full_name"] for one in found] == ["octo/app", "octo/site"]
