"""Deliveries: kept once, taken in order by one worker at a time, finished once."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.support.databases import empty
from tests.support.rows import AT, fetch, value
from tests.support.webhooks import deliver, payload
from warehouse import webhooks
from warehouse.engine import Connection, Engine
from warehouse.webhooks import Delivery

SOON = AT + timedelta(seconds=10)


@pytest.fixture
def warehouse(library: Engine) -> Engine:
    empty(library, "ops.webhook_deliveries")
    return library


def take(warehouse: Engine, *, at: datetime = AT) -> Delivery | None:
    with warehouse.begin() as connection:
        return webhooks.take(connection, at=at)


def taken(warehouse: Engine) -> Delivery:
    found = take(warehouse)
    assert found is not None
    return found


def test_a_delivery_is_kept_as_it_came(warehouse: Engine) -> None:
    body = b'{"action": "opened", "title": "Gr\xc3\xbc\xc3\x9fe\\u0000"}'
    identifier = uuid4()
    with warehouse.begin() as connection:
        is_new = webhooks.store(
            connection, delivery_id=identifier, event="issues", action="opened", github_id=7,
            headers={"x-github-event": "issues"}, body=body, at=AT,
        )  # fmt: skip

    assert is_new
    assert take(warehouse) == Delivery(identifier, "issues", "opened", 7, body, AT, 0)
    assert value(warehouse, "select headers from ops.webhook_deliveries") == {
        "x-github-event": "issues"
    }


def test_a_redelivery_changes_nothing(warehouse: Engine) -> None:
    identifier = deliver(warehouse, "issues", payload("opened"))
    with warehouse.begin() as connection:
        webhooks.finish(connection, taken_in(connection), outcome="marked", at=AT)
    before = rows(warehouse)

    with warehouse.begin() as connection:
        is_new = webhooks.store(
            connection, delivery_id=identifier, event="push", action=None, github_id=9, headers={},
            body=b"{}", at=SOON,
        )  # fmt: skip

    assert not is_new
    assert rows(warehouse) == before
    assert take(warehouse) is None


def test_they_are_taken_in_the_order_they_came(warehouse: Engine) -> None:
    second = deliver(warehouse, "issues", payload("closed"), at=SOON)
    first = deliver(warehouse, "issues", payload("opened"))

    assert taken(warehouse).delivery_id == first
    with warehouse.begin() as connection:
        webhooks.finish(connection, taken_in(connection), outcome="marked", at=AT)
    assert taken(warehouse).delivery_id == second


def test_what_somebody_has_taken_nobody_else_takes(warehouse: Engine) -> None:
    deliver(warehouse, "issues", payload("opened"))
    other = deliver(warehouse, "issues", payload("closed"), at=SOON)
    with warehouse.begin() as one, warehouse.begin() as another:
        webhooks.take(one, at=AT)
        found = webhooks.take(another, at=AT)

    assert found is not None
    assert found.delivery_id == other


def test_one_that_is_postponed_waits_unless_it_is_hastened(warehouse: Engine) -> None:
    deliver(warehouse, "issues", payload("opened", github_id=7))
    with warehouse.begin() as connection:
        webhooks.postpone(connection, taken_in(connection), until=SOON, error="not now")

    assert take(warehouse) is None
    later = take(warehouse, at=SOON)
    assert later is not None
    assert later.attempts == 1
    assert value(warehouse, "select error from ops.webhook_deliveries") == "not now"
    with warehouse.begin() as connection:
        webhooks.hasten(connection, 8)
    assert take(warehouse) is None
    with warehouse.begin() as connection:
        webhooks.hasten(connection, 7)
    assert take(warehouse) is not None


def test_an_outcome_is_given_once(warehouse: Engine) -> None:
    deliver(warehouse, "issues", payload("opened"))
    held = taken(warehouse)
    with warehouse.begin() as connection:
        webhooks.finish(connection, held, outcome="failed", at=AT, error="no JSON")
        webhooks.finish(connection, held, outcome="marked", at=SOON)
        webhooks.postpone(connection, held, until=SOON)

    assert rows(warehouse) == [("failed", "no JSON", AT, 0)]


def taken_in(connection: Connection) -> Delivery:
    found = webhooks.take(connection, at=AT)
    assert found is not None
    return found


def rows(warehouse: Engine) -> list[tuple[object, ...]]:
    with warehouse.begin() as connection:
        return fetch(
            connection,
            "select outcome, error, processed_at, attempts from ops.webhook_deliveries",
        )
