"""Deliveries from a queue are taken as those over HTTP are."""

import json
import threading
from typing import Any
from uuid import uuid4

import pika
import pytest
from pydantic import SecretStr

from flows import webhook_queue
from gitinsight.errors import UnexpectedPayload
from gitinsight.github.deliveries import LIMIT_BYTES
from tests.support.analyses import count, rows
from tests.support.rabbitmq import Broker
from tests.support.waiting import wait_for
from tests.support.webhooks import SECRET, headers, payload
from warehouse.engine import Engine

KEY = SecretStr(SECRET)
BODY = json.dumps(payload("edited", issue={"number": 7})).encode()


def test_a_signed_delivery_is_read_whatever_way_its_headers_are_written() -> None:
    told: dict[str, Any] = {name.title(): text.encode() for name, text in headers(BODY).items()}

    found = webhook_queue.read(told | {"Authorization": "secret"}, BODY, secret=KEY)

    assert (found.event, found.body) == ("issues", BODY)
    assert str(found.delivery_id) == found.headers["x-github-delivery"]
    assert "authorization" not in found.headers


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"x-hub-signature-256": "sha256=00"}, "signature"),
        ({"x-hub-signature-256": None}, "signature"),
        ({"x-github-delivery": "7"}, "UUID"),
        ({"x-github-event": ""}, "missing"),
    ],
)
def test_anything_else_is_refused(changed: dict[str, str | None], reason: str) -> None:
    told = {name: text for name, text in (headers(BODY) | changed).items() if text is not None}

    with pytest.raises(UnexpectedPayload, match=reason):
        webhook_queue.read(told, BODY, secret=KEY)


def test_a_body_that_was_changed_or_is_too_large_is_refused() -> None:
    with pytest.raises(UnexpectedPayload, match="signature"):
        webhook_queue.read(headers(BODY), BODY + b" ", secret=KEY)
    with pytest.raises(UnexpectedPayload, match="no more than"):
        webhook_queue.read(headers(BODY), bytes(LIMIT_BYTES + 1), secret=KEY)


@pytest.mark.slow
def test_what_lies_in_the_queue_is_stored_once_and_what_is_refused_is_kept_apart(
    warehouse: Engine, rabbitmq: Broker
) -> None:
    settings = rabbitmq.settings.model_copy(update={"webhook_queue": "deliveries"})
    with rabbitmq.channel() as channel:
        webhook_queue.declare(channel, "deliveries")

    def put(told: dict[str, str]) -> None:
        with rabbitmq.channel() as channel:
            channel.confirm_delivery()
            channel.basic_publish(
                "", "deliveries", BODY, pika.BasicProperties(headers=told, delivery_mode=2)
            )

    again = uuid4()
    for told in (
        headers(BODY), headers(BODY, delivery_id=again), headers(BODY, delivery_id=again),
        headers(BODY) | {"x-hub-signature-256": "sha256=00"},
    ):  # fmt: skip
        put(told)
    stop = threading.Event()
    watching = threading.Thread(
        target=webhook_queue.watch, args=(warehouse,),
        kwargs={"settings": settings, "secret": KEY, "stop": stop},
    )  # fmt: skip
    watching.start()
    wait_for(lambda: count(warehouse, "ops.webhook_deliveries") == 2)
    rabbitmq.kill()
    rabbitmq.start()
    put(headers(BODY))

    wait_for(lambda: count(warehouse, "ops.webhook_deliveries") == 3, seconds=60)
    stop.set()
    watching.join(60)

    stored = rows(
        warehouse, "select distinct event, action, github_id, body from ops.webhook_deliveries"
    )
    assert stored == [("issues", "edited", 1, BODY)]
    with rabbitmq.channel() as channel:
        left = channel.queue_declare("deliveries.refused", passive=True).method.message_count
        waiting, _, _ = channel.basic_get("deliveries")
    assert left == 1
    assert waiting is None
