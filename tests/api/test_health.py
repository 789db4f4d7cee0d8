"""Health: the process lives while the warehouse is away, and is ready again when it is back."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from sqlalchemy import make_url

from gitinsight.settings import Settings
from tests.conftest import serving_api
from tests.support.cable import Cable
from tests.support.outages import away
from tests.support.waiting import wait_for
from warehouse.engine import Engine


@pytest.fixture
def ready(api: httpx2.Client) -> httpx2.Client:
    wait_for(lambda: is_ready(api))
    return api


@pytest.fixture
def cable(settings: Settings) -> Iterator[Cable]:
    """The network between the API and its warehouse."""
    with Cable(make_url(settings.warehouse_url).port or 5432) as between:
        yield between


def is_ready(api: httpx2.Client) -> bool:
    return api.get("/health/ready").status_code == 200


def test_all_is_well(ready: httpx2.Client) -> None:
    assert ready.get("/health/live").json() == {"status": "ok"}
    assert ready.get("/health/ready").json() == {"status": "ok"}
    assert ready.get("/health").json() == {
        "status": "ok", "parts": {"warehouse": {"status": "ok", "reason": None}},
    }  # fmt: skip


def test_the_process_lives_while_the_warehouse_is_away_and_says_what_is(
    ready: httpx2.Client, database_url: str
) -> None:
    with away(database_url):
        wait_for(lambda: not is_ready(ready))
        live, at_all = ready.get("/health/live"), ready.get("/health")

    assert (live.status_code, at_all.status_code) == (200, 503)
    assert at_all.json() == {
        "status": "unavailable",
        "parts": {"warehouse": {"status": "unavailable", "reason": "it does not answer"}},
    }


def test_it_is_ready_again_when_the_warehouse_is_back(
    ready: httpx2.Client, database_url: str
) -> None:
    with away(database_url):
        wait_for(lambda: not is_ready(ready))

    wait_for(lambda: is_ready(ready))


def test_a_warehouse_that_hangs_keeps_nobody_waiting_who_asks(
    settings: Settings, cable: Cable
) -> None:
    url = make_url(settings.warehouse_url).set(port=cable.port)
    told = {"url": url.render_as_string(hide_password=False)}
    behind = settings.model_copy(
        update={"warehouse": settings.warehouse.model_validate(told)}
    )  # fmt: skip
    with serving_api(behind) as address, httpx2.Client(base_url=address, timeout=5) as client:
        wait_for(lambda: is_ready(client))
        cable.cut()
        with ThreadPoolExecutor(60) as crowd:
            list(crowd.map(lambda _: is_ready(client), range(60)))
        wait_for(lambda: not is_ready(client), seconds=5)
        begun = time.monotonic()
        assert client.get("/health/live").status_code == 200
        assert client.get("/health").status_code == 503
        assert time.monotonic() - begun < 1
        cable.mend()

        wait_for(lambda: is_ready(client))


def test_a_warehouse_without_our_tables_is_not_ready(
    ready: httpx2.Client, warehouse: Engine
) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql("drop table ops.jobs")
    wait_for(lambda: not is_ready(ready))

    answer = ready.get("/health")

    assert answer.json()["parts"]["warehouse"]["reason"] == "its tables are not there"
