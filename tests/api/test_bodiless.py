"""HEAD is answered as GET is, without the body."""

import httpx2
import pytest

from api.logins import CALLBACK
from tests.support.rows import add_repository, claim
from warehouse.engine import Engine

V1 = "/api/v1"
OWN = {"date", "x-request-id", "ratelimit"}
"""What each answer has of its own."""


@pytest.mark.parametrize(
    "path",
    [
        f"{V1}/repositories", f"{V1}/marts", f"{V1}/marts/daily_activity/rows?limit=1",
        f"{V1}/marts/daily_activity/rows?format=csv", f"{V1}/fast/search?q=octo", "/health/live",
        "/openapi.json", "/badge/octo/app-1.svg", f"{V1}/nothing", f"{V1}/repositories/abc",
        "/",
    ],
)  # fmt: skip
def test_what_get_says_of_itself_head_says_too(published: httpx2.Client, path: str) -> None:
    got, told = published.get(path), published.head(path)

    assert told.status_code == got.status_code
    assert {name: told.headers[name] for name in told.headers if name not in OWN} == {
        name: got.headers[name] for name in got.headers if name not in {*OWN, "transfer-encoding"}
    }
    assert told.content == b""


def test_who_holds_it_is_told_so(published: httpx2.Client) -> None:
    address = f"{V1}/marts/daily_activity/rows"
    held = published.head(address).headers["etag"]

    assert published.head(address, headers={"if-none-match": held}).status_code == 304


def test_a_stream_is_over_with_its_head(api: httpx2.Client, warehouse: Engine) -> None:
    job = claim(warehouse, add_repository(warehouse))

    told = api.head(f"{V1}/jobs/{job.job_id}/events")
    after = api.get("/health/live", timeout=5)  # on the same connection

    assert told.headers["content-type"].startswith("text/event-stream")
    assert (told.status_code, after.status_code) == (200, 200)


@pytest.mark.parametrize(
    ("path", "allowed"), [(CALLBACK, "GET"), (f"{V1}/sql", "POST"), ("/health/live", "GET, HEAD")]
)
def test_what_may_not_be_asked_so_says_how_it_may(
    published: httpx2.Client, path: str, allowed: str
) -> None:
    assert published.delete(path).headers["allow"] == allowed
    if allowed != "GET, HEAD":
        told = published.head(path)
        assert (told.status_code, told.headers["allow"]) == (405, allowed)
