"""Reads whose answer is kept: the same answer, to the same readers, without a route."""

from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI

from api.app import create_app
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_app
from tests.support.marts import publish_figures
from tests.support.people import client_of
from tests.support.rows import add_repository, claim
from tests.support.waiting import wait_for
from warehouse.engine import Engine

ROWS = "/api/v1/repositories/1/contributors"
MOST = 40


@pytest.fixture
def app(settings: Settings, warehouse: Engine) -> FastAPI:
    publish_figures(warehouse, claim(warehouse, add_repository(warehouse)))
    auth = settings.auth.model_copy(update={"mode": "required", "requests_per_minute": MOST})
    told = settings.model_copy(update={"auth": auth})
    return create_app(told, warehouse_url=told.warehouse_url, admin_key=ADMIN_KEY)


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    with serving_app(app) as url:
        yield url


@pytest.fixture
def first(app: FastAPI, url: str) -> httpx2.Response:
    """The ordinary answer, which is kept from then on, when no route is left."""
    with client_of(url, ADMIN_KEY) as client:
        wait_for(lambda: client.get(ROWS).is_success and len(app.state.answers))
        app.state.answers.forget(1, None)
        answer = client.get(ROWS)
    assert len(app.state.answers) == 1
    app.router.routes.clear()
    return answer


def without_changes(headers: httpx2.Headers) -> dict[str, str]:
    changing = {"date", "x-request-id", "ratelimit"}
    return {name: value for name, value in headers.items() if name not in changing}


def test_it_is_the_answer_of_the_route_without_the_route(url: str, first: httpx2.Response) -> None:
    with client_of(url, ADMIN_KEY) as client:
        again = client.get(ROWS, headers={"x-request-id": "mine-0001"})
        held = client.get(ROWS, headers={"if-none-match": first.headers["etag"]})
        others = [client.get(f"{ROWS}?limit=2"), client.post(ROWS)]

    assert (again.status_code, again.content) == (200, first.content)
    assert without_changes(again.headers) == without_changes(first.headers)
    assert again.headers["x-request-id"] == "mine-0001"
    assert (held.status_code, held.content) == (304, b"")
    assert [one.status_code for one in others] == [404, 404]


def test_it_is_counted_under_its_route(app: FastAPI, url: str, first: httpx2.Response) -> None:
    def reads() -> int:
        route = "/api/v1/repositories/{repository_id}/contributors"
        told = {one.route: one.statuses for one in app.state.traffic.totals()}
        return told[route]["200"]

    before = reads()
    with client_of(url, ADMIN_KEY) as client:
        assert client.get(ROWS).content == first.content

    wait_for(lambda: reads() == before + 1)


@pytest.mark.usefixtures("first")
def test_who_may_not_have_it_goes_the_ordinary_way(url: str) -> None:
    with client_of(url, None) as stranger, client_of(url, "wrong") as guessing:
        assert {stranger.get(ROWS).status_code, guessing.get(ROWS).status_code} == {404}


@pytest.mark.usefixtures("first")
def test_what_is_left_of_a_limit_is_told_and_not_exceeded(url: str) -> None:
    with client_of(url, ADMIN_KEY) as client:
        left = [client.get(ROWS) for _ in range(MOST)]

    remaining = [
        int(one.headers["ratelimit"].split("r=")[1].split(";")[0])
        for one in left if one.status_code == 200
    ]  # fmt: skip
    assert remaining == sorted(remaining, reverse=True)
    assert remaining[-1] == 0
    assert left[-1].status_code == 404  # where the route would have told that it was too much
