"""The fast routes as a client sees them, whichever way they are answered."""

import gzip
from collections.abc import Iterator

import httpx2
import pytest

from tests.support.marts import publish_figures
from tests.support.rows import add_repository, claim
from tests.support.waiting import wait_for
from warehouse.engine import Engine
from warehouse.jobs import Job


@pytest.fixture
def job(warehouse: Engine) -> Job:
    job = claim(warehouse, add_repository(warehouse))
    publish_figures(warehouse, job)
    return job


@pytest.fixture
def path(job: Job) -> str:
    return f"/api/v1/fast/repositories/{job.repository_id}/summary"


@pytest.fixture
def warm(api: httpx2.Client, path: str) -> Iterator[httpx2.Client]:
    """A client whose answers are ready."""
    wait_for(lambda: len({api.get(path).headers["x-request-id"][:8] for _ in range(2)}) == 1)
    return api


def test_it_says_what_the_ordinary_summary_says(warm: httpx2.Client, path: str) -> None:
    fast = warm.get(path).json()

    assert fast == warm.get(path.replace("/fast", "")).json()
    assert fast["data"]["issues_count"] == 479


def test_what_is_published_is_shown(
    warm: httpx2.Client, path: str, warehouse: Engine, job: Job
) -> None:
    for count in range(20):
        publish_figures(warehouse, job, issues_count=count)
        wait_for(lambda: warm.get(path).json()["data"]["issues_count"] == count, seconds=1)  # noqa: B023 - waited for


def test_whoever_holds_it_is_told_so_until_it_changes(
    warm: httpx2.Client, path: str, warehouse: Engine, job: Job
) -> None:
    first = warm.get(path)
    held = {"if-none-match": first.headers["etag"]}
    again = warm.get(path, headers=held)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]

    publish_figures(warehouse, job, issues_count=1)
    wait_for(lambda: warm.get(path, headers=held).status_code == 200, seconds=1)


def test_it_is_compressed_for_whoever_takes_that(warm: httpx2.Client, path: str) -> None:
    plain = warm.get(path, headers={"accept-encoding": "identity"})
    with warm.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())

    if len(plain.content) >= 500:
        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(raw) == plain.content
    assert "content-encoding" not in plain.headers


def test_a_private_repository_is_shown_but_never_kept(
    api: httpx2.Client, path: str, warehouse: Engine
) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql("update ops.repositories set is_private = true")

    ids = {api.get(path).headers["x-request-id"][:8] for _ in range(5)}

    assert len(ids) == 5, "the lane has answered"
