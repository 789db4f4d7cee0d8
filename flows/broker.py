"""A connection to a message broker that speaks AMQP 0-9-1, such as RabbitMQ."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError
from pydantic import SecretStr

from gitinsight import logs
from gitinsight.errors import first_line
from warehouse.engine import UNREACHABLE

_LOG = logs.get(__name__)
_LONGEST_SECONDS = 30.0
_HEARTBEAT_SECONDS = 30
_PATIENCE_SECONDS = 30.0
"""Of a broker that takes nothing more because its memory or disk is full."""


def keep_going(work: Callable[[], None], *, stop: threading.Event, name: str) -> None:
    """Do ``work``, which ends only by an error, again and again: at once after it went well for a
    while, later each time where it does not.
    """
    seconds = 1.0
    while not stop.is_set():
        began = time.monotonic()
        try:
            work()
        except UNREACHABLE as error:
            _LOG.warning("warehouse_not_reached", reason=first_line(error))
        except (AMQPError, OSError) as error:
            reason = first_line(error) or type(error).__name__
            _LOG.warning("broker_not_reached", work=name, reason=reason)
        except Exception as error:  # noqa: BLE001 - the edge of a thread: it must not end
            _LOG.warning("messages_interrupted", work=name, reason=first_line(error))
        went_well = time.monotonic() - began > _LONGEST_SECONDS
        seconds = 1.0 if went_well else min(2 * seconds, _LONGEST_SECONDS)
        stop.wait(seconds)


@contextmanager
def channel(url: SecretStr, *, name: str) -> Iterator[BlockingChannel]:
    """One that confirms what it is given."""
    parameters = pika.URLParameters(url.get_secret_value())
    parameters.heartbeat = _HEARTBEAT_SECONDS
    parameters.blocked_connection_timeout = _PATIENCE_SECONDS
    parameters.client_properties = {"connection_name": f"gitinsight {name}"}
    connection = pika.BlockingConnection(parameters)
    try:
        opened = connection.channel()
        opened.confirm_delivery()
        yield opened
    finally:
        if connection.is_open:
            connection.close()
