"""Publishes what happens to a message broker: all of it, each under one id, in order.

What is told waits in ``ops.outbox`` until the broker has confirmed it (docs/messages.md).
"""

import threading
import time
from functools import partial
from importlib.metadata import version

import msgspec
import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError
from pydantic import SecretStr

from flows import broker
from gitinsight import clock
from gitinsight.outward_settings import MessagesSettings
from warehouse import outbox
from warehouse.engine import Engine
from warehouse.outbox import Message

_POLL_SECONDS = 0.5
_ATTEND_SECONDS = 60.0
_BATCH = 200
_PERSISTENT = 2


def watch(engine: Engine, *, settings: MessagesSettings, stop: threading.Event) -> None:
    """Until somebody says ``stop``, whether the broker is there or not."""
    if settings.url is None:
        return
    work = partial(_publish_on, engine, settings.url, settings.exchange, stop)
    broker.keep_going(work, stop=stop, name="publish")


def publish(engine: Engine, channel: BlockingChannel, *, exchange: str) -> int:
    """The oldest messages, one after the other; how many were sent. What the broker has confirmed
    is done, whatever happens to the rest.
    """
    sent: list[Message] = []
    broken: AMQPError | None = None
    with engine.begin() as connection:
        messages = outbox.take(connection, limit=_BATCH)
        try:
            for one in messages:
                channel.basic_publish(
                    exchange, one.routing_key, msgspec.json.encode(one.body), _properties(one)
                )
                sent.append(one)
        except AMQPError as error:
            broken = error
        outbox.confirm(connection, sent)
    if broken is not None:
        raise broken
    return len(sent)


def _publish_on(engine: Engine, url: SecretStr, exchange: str, stop: threading.Event) -> None:
    attended = _attend(engine, exchange)  # events are kept for the broker while it is away, too
    with broker.channel(url, name="publisher") as channel:
        channel.exchange_declare(exchange, "topic", durable=True)
        while not stop.is_set():
            if time.monotonic() - attended > _ATTEND_SECONDS:
                attended = _attend(engine, exchange)
            if not publish(engine, channel, exchange=exchange):
                channel.connection.sleep(_POLL_SECONDS)  # which answers heartbeats, too


def _attend(engine: Engine, exchange: str) -> float:
    with engine.begin() as connection:
        outbox.attend(connection, exchange, at=clock.now())
    return time.monotonic()


def _properties(message: Message) -> pika.BasicProperties:
    return pika.BasicProperties(
        message_id=message.message_id, type=message.routing_key.partition(".")[0],
        content_type="application/json", delivery_mode=_PERSISTENT,
        timestamp=int(message.at.timestamp()), app_id=f"gitinsight {version('gitinsight')}",
    )  # fmt: skip
