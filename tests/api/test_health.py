"""Health: the process lives while the warehouse is away, and is ready again when it is back."""

import httpx2

from tests.support.outages import away
from warehouse.engine import Engine


def test_all_is_well(api: httpx2.Client) -> None:
    assert api.get("/health/live").json() == {"status": "ok"}
    assert api.get("/health/ready").json() == {"status": "ok"}
    assert api.get("/health").json() == {
        "status": "ok", "parts": {"warehouse": {"status": "ok", "reason": None}},
    }  # fmt: skip


def test_the_process_lives_while_the_warehouse_is_away(
    api: httpx2.Client, database_url: str
) -> None:
    with away(database_url):
        live, ready = api.get("/health/live"), api.get("/health/ready")

    assert (live.status_code, ready.status_code) == (200, 503)
    assert ready.json() == {"status": "unavailable"}


def test_what_is_away_is_named(api: httpx2.Client, database_url: str) -> None:
    with away(database_url):
        answer = api.get("/health")

    assert answer.status_code == 503
    assert answer.json()["parts"] == {
        "warehouse": {"status": "unavailable", "reason": "OperationalError"}
    }


def test_it_is_ready_again_when_the_warehouse_is_back(
    api: httpx2.Client, database_url: str
) -> None:
    with away(database_url):
        assert api.get("/health/ready").status_code == 503

    assert api.get("/health/ready").status_code == 200


def test_a_warehouse_without_our_tables_is_not_ready(api: httpx2.Client, warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql("drop table ops.jobs")

    answer = api.get("/health")

    assert answer.status_code == 503
    assert answer.json()["parts"]["warehouse"]["reason"] == "its tables are not there"
