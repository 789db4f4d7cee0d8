"""The deliveries of GitHub's webhooks, done one after the other, and the analyses they ask for."""

import threading
from datetime import datetime, timedelta

from flows.deliveries import OVERTAKEN, WAITING, apply
from gitinsight import clock, logs
from gitinsight.clock import Clock
from gitinsight.errors import UnexpectedPayload, first_line
from warehouse import dirty, jobs, webhooks
from warehouse.engine import UNREACHABLE, Engine
from warehouse.jobs import Job
from warehouse.webhooks import Delivery

_LOG = logs.get(__name__)
_POLL_SECONDS = 1.0
_ATTEMPTS = 5
_PAUSE = timedelta(seconds=10)
_SETTLE = timedelta(seconds=15)
"""One push or review makes several deliveries; they are for one analysis."""


def watch(engine: Engine, *, host: str, stop: threading.Event) -> None:
    """Do what is delivered until somebody says ``stop``; ``host`` is the API root it is about."""
    while not stop.wait(_POLL_SECONDS):
        try:
            process(engine, host=host)
            request_analyses(engine, at=clock.now())
        except UNREACHABLE as error:
            _LOG.warning("warehouse_not_reached", reason=first_line(error))
        except Exception as error:  # noqa: BLE001 - the edge of a thread: it must not end
            _LOG.warning("webhooks_interrupted", reason=first_line(error))


def process(engine: Engine, *, host: str, now: Clock = clock.now) -> int:
    """Give every delivery that may be done now its outcome or another attempt; how many it were.

    Each is one transaction: what it changes, and that it is done. One that fails is tried again a
    few times, later each time, and keeps none of the others waiting.
    """
    done = 0
    while _process_next(engine, host, now()):
        done += 1
    return done


def request_analyses(engine: Engine, *, at: datetime) -> list[Job]:
    """Queue an analysis of each repository in which something has been marked for a moment, unless
    a job will read it anyway.
    """
    with engine.begin() as connection:
        waiting = dirty.unattended(connection, before=at - _SETTLE)
        return [jobs.enqueue(connection, one, at=at, reason="webhook")[0] for one in waiting]


def _process_next(engine: Engine, host: str, at: datetime) -> bool:
    delivery = None
    try:
        with engine.begin() as connection:
            delivery = webhooks.take(connection, at=at)
            if delivery is None:
                return False
            outcome = apply(connection, delivery, host=host, at=at)
            if outcome != WAITING:
                webhooks.finish(connection, delivery, outcome=outcome, at=at)
            elif delivery.attempts < _ATTEMPTS:
                webhooks.postpone(connection, delivery, until=_next(delivery, at))
            else:
                webhooks.finish(connection, delivery, outcome=OVERTAKEN, at=at)
    except Exception as error:
        if delivery is None:
            raise
        _keep_failure(engine, delivery, error, at=at)
    return True


def _keep_failure(engine: Engine, delivery: Delivery, error: Exception, *, at: datetime) -> None:
    told = first_line(error)
    with engine.begin() as connection:
        if isinstance(error, UnexpectedPayload) or delivery.attempts >= _ATTEMPTS:
            webhooks.finish(connection, delivery, outcome="failed", error=told, at=at)
        else:
            webhooks.postpone(connection, delivery, until=_next(delivery, at), error=told)
    _LOG.warning(
        "delivery_failed", delivery_id=str(delivery.delivery_id), event_name=delivery.event,
        reason=told,
    )  # fmt: skip


def _next(delivery: Delivery, at: datetime) -> datetime:
    return at + _PAUSE * int(3**delivery.attempts)
