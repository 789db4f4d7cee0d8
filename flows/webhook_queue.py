"""Takes deliveries of GitHub's webhooks from a queue: those that the API would take, and no other.

Whoever receives them elsewhere puts the body there as it came, with GitHub's headers.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from pika.adapters.blocking_connection import BlockingChannel
from pydantic import SecretStr

from flows import broker
from gitinsight import clock, logs
from gitinsight.errors import UnexpectedPayload
from gitinsight.github.deliveries import KEPT_HEADERS, LIMIT_BYTES, about
from gitinsight.github.signatures import Signature
from gitinsight.outward_settings import MessagesSettings
from warehouse import webhooks
from warehouse.engine import Engine

_LOG = logs.get(__name__)
_AT_ONCE = 20
_IDLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Delivery:
    delivery_id: UUID
    event: str
    headers: dict[str, str]
    body: bytes


def watch(
    engine: Engine, *, settings: MessagesSettings, secret: SecretStr | None, stop: threading.Event
) -> None:
    """Until somebody says ``stop``, whether the broker is there or not."""
    if settings.url is None or settings.webhook_queue is None or secret is None:
        return
    work = partial(_consume, engine, settings.url, settings.webhook_queue, secret, stop)
    broker.keep_going(work, stop=stop, name="webhooks")


def declare(channel: BlockingChannel, queue: str) -> None:
    """The queue, and another one for what is refused."""
    channel.queue_declare(f"{queue}.refused", durable=True)
    channel.queue_declare(
        queue, durable=True,
        arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": f"{queue}.refused"},
    )  # fmt: skip


def read(headers: Mapping[str, Any], body: bytes, *, secret: SecretStr) -> Delivery:
    """UnexpectedPayload where it is no delivery that GitHub has signed."""
    told = {
        name.lower(): value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for name, value in headers.items()
    }
    if len(body) > LIMIT_BYTES:
        raise UnexpectedPayload("a delivery", f"it has no more than {LIMIT_BYTES} bytes")
    made = Signature(secret)
    made.update(body)
    if not made.matches(told.get("x-hub-signature-256", "")):
        raise UnexpectedPayload(
            "a delivery", "the signature is not that of this body under our secret"
        )
    try:
        delivery_id = UUID(told.get("x-github-delivery", ""))
    except ValueError as error:
        raise UnexpectedPayload("a delivery", "x-github-delivery is no UUID") from error
    if not told.get("x-github-event"):
        raise UnexpectedPayload("a delivery", "x-github-event is missing")
    kept = {name: text for name, text in told.items() if name.startswith(KEPT_HEADERS)}
    return Delivery(delivery_id, told["x-github-event"], kept, body)


def _consume(
    engine: Engine, url: SecretStr, queue: str, secret: SecretStr, stop: threading.Event
) -> None:
    with broker.channel(url, name="webhooks") as channel:
        declare(channel, queue)
        channel.basic_qos(prefetch_count=_AT_ONCE)
        for method, properties, body in channel.consume(queue, inactivity_timeout=_IDLE_SECONDS):
            if method is not None:
                is_taken = _take(engine, properties.headers or {}, body, secret)
                if is_taken:
                    channel.basic_ack(method.delivery_tag)
                else:
                    channel.basic_reject(method.delivery_tag, requeue=False)
            if stop.is_set():
                return


def _take(engine: Engine, headers: Mapping[str, Any], body: bytes, secret: SecretStr) -> bool:
    """Whether it is stored; what came before is, too."""
    try:
        delivery = read(headers, body, secret=secret)
    except UnexpectedPayload as refused:
        _LOG.warning("delivery_refused", reason=refused.reason)
        return False
    told = about(body)
    with engine.begin() as connection:
        webhooks.store(
            connection, delivery_id=delivery.delivery_id, event=delivery.event, action=told.action,
            github_id=told.repository.id if told.repository else None,
            headers=delivery.headers, body=body, at=clock.now(),
        )  # fmt: skip
    return True
