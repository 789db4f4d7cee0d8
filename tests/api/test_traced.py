"""A request as its trace tells of it, down to its statements."""

import httpx2
import pytest

from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.collector import Collector, traced
from tests.support.marts import publish_figures
from tests.support.people import client_of
from tests.support.rows import add_repository, claim
from tests.support.waiting import wait_for
from warehouse.engine import Engine

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
BY_THE_LANE = 20
"""Letters of the id that it gives."""
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def collector(settings: Settings, warehouse: Engine) -> Collector:
    """After a few requests, one of which goes wrong."""
    add_repository(warehouse)
    with traced() as collector, serving_api(settings) as url, client_of(url, ADMIN_KEY) as client:
        found = client.get("/api/v1/repositories/1", headers={"traceparent": PARENT})
        assert found.status_code == 200
        client.get("/api/v1/repositories/1?secret=x", headers={"x-request-id": "mine-0123"})
        client.get("/nowhere", headers={"traceparent": "nonsense"})
        with warehouse.begin() as connection:
            connection.exec_driver_sql("alter table ops.jobs rename to away")
        client.get("/api/v1/jobs")
    return collector


def test_it_is_part_of_the_trace_of_whoever_asks(collector: Collector) -> None:
    (asked,) = (one for one in collector.spans if one.trace == TRACE and "{" in one.name)

    assert asked.name == "GET /api/v1/repositories/{repository_id}"
    assert asked.parent == "b7ad6b7169203331"
    assert asked.facts["http.route"] == "/api/v1/repositories/{repository_id}"
    assert asked.facts["http.response.status_code"] == 200
    below = [one for one in collector.spans if one.parent == asked.id]
    assert {one.name for one in below} == {"SQL select"}
    assert all("$" not in one.facts["db.query.text"] for one in below)


def test_it_has_the_id_of_the_request_and_no_query(collector: Collector) -> None:
    (mine,) = (one for one in collector.spans if one.facts.get("request_id") == "mine-0123")

    assert mine.parent == ""
    assert "secret" not in str(mine)


def test_what_no_route_answers_and_what_breaks_is_told(collector: Collector) -> None:
    nowhere, broken = collector.named("GET"), collector.named("GET /api/v1/jobs")

    assert nowhere.facts["http.response.status_code"] == 404
    assert broken.is_error
    assert any(one.parent == broken.id and one.is_error for one in collector.spans)


def test_a_collector_is_no_part_of_the_way(settings: Settings) -> None:
    with serving_api(settings) as url:
        answer = httpx2.get(f"{url}/health/live", headers={"traceparent": PARENT})

    assert answer.status_code == 200


def test_a_summary_is_part_of_a_trace_where_one_is_asked_for(
    settings: Settings, warehouse: Engine
) -> None:
    publish_figures(warehouse, claim(warehouse, add_repository(warehouse)))
    path = "/api/v1/fast/repositories/1/summary"
    with traced() as collector, serving_api(settings) as url, client_of(url, ADMIN_KEY) as client:
        wait_for(lambda: len(client.get(path).headers["x-request-id"]) == BY_THE_LANE)
        told = client.get(path, headers={"traceparent": PARENT})

    assert len(told.headers["x-request-id"]) != BY_THE_LANE
    (asked,) = (one for one in collector.spans if one.trace == TRACE and "{" in one.name)
    assert asked.name == "GET /api/v1/fast/repositories/{repository_id}/summary"
