"""What happens reaches the broker: everything once at least, nothing else, in order."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pika.exceptions import AMQPError

from flows import messages
from gitinsight import clock
from gitinsight.outward_settings import MessagesSettings
from gitinsight.runtime.process import free_port
from tests.support.analyses import count, rows
from tests.support.rabbitmq import Broker
from tests.support.rows import AT, add_repository, claim
from tests.support.waiting import wait_for
from warehouse import job_events, outbox
from warehouse.engine import Engine
from warehouse.jobs import Job

QUEUE = "everything"


@contextmanager
def publishing(warehouse: Engine, settings: MessagesSettings) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(
        target=messages.watch, args=(warehouse,), kwargs={"settings": settings, "stop": stop}
    )
    thread.start()
    try:
        wait_for(lambda: count(warehouse, "ops.outbox_readers") == 1)
        yield
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def tell(warehouse: Engine, job: Job, times: int) -> None:
    """Events that happen, and before each of them one that does not."""
    for number in range(times):
        with warehouse.connect() as connection:
            job_events.append(connection, job.job_id, at=AT, state="running", message="undone")
            connection.rollback()
        with warehouse.begin() as connection:
            job_events.append(connection, job.job_id, at=AT, state="running", done=number)


def received(rabbitmq: Broker) -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    with rabbitmq.channel() as channel:
        while True:
            method, properties, body = channel.basic_get(QUEUE, auto_ack=True)
            if method is None:
                return found
            assert properties.delivery_mode == 2
            assert properties.content_type == "application/json"
            found.append((properties.message_id, method.routing_key, json.loads(body)))


def is_told(warehouse: Engine) -> bool:
    return count(warehouse, "ops.outbox") == 0


@pytest.mark.slow
def test_a_broker_that_is_killed_misses_nothing_and_is_told_nothing_else(
    warehouse: Engine, rabbitmq: Broker
) -> None:
    held = [
        claim(warehouse, add_repository(warehouse, f"octo/{number}", github_id=number))
        for number in range(3)
    ]
    with rabbitmq.channel() as channel:
        channel.exchange_declare("gitinsight", "topic", durable=True)
        channel.queue_declare(QUEUE, durable=True)
        channel.queue_bind(QUEUE, "gitinsight", "#")

    with publishing(warehouse, rabbitmq.settings):
        before = rows(warehouse, "select job_id, last_seq from ops.jobs")
        writers = [threading.Thread(target=tell, args=(warehouse, job, 150)) for job in held]
        for writer in writers:
            writer.start()
        for kept in (100, 250):
            wait_for(lambda kept=kept: count(warehouse, "ops.job_events") > kept, seconds=120)
            rabbitmq.kill()
            time.sleep(1)
            rabbitmq.start()
        for writer in writers:
            writer.join()
        wait_for(lambda: is_told(warehouse), seconds=120)

    found = received(rabbitmq)
    first: dict[str, list[int]] = defaultdict(list)
    seen: set[str] = set()
    for message_id, key, body in found:
        assert key == "job.running.none"
        assert body["message"] is None
        assert message_id == f"job:{body['job_id']}:{body['seq']}"
        if message_id not in seen:
            first[body["job_id"]].append(body["seq"])
            seen.add(message_id)
    started = {str(job_id): seq for job_id, seq in before}
    assert first == {
        job: list(range(seq + 1, seq + 151)) for job, seq in started.items()
    }  # in order, none missing, none that was undone


def test_what_happens_while_no_broker_is_there_waits(
    warehouse: Engine,
) -> None:
    nowhere = MessagesSettings.model_validate({"url": f"amqp://127.0.0.1:{free_port(0)}/"})

    with publishing(warehouse, nowhere):
        job = claim(warehouse, add_repository(warehouse))
        tell(warehouse, job, 3)
        time.sleep(0.5)

    assert count(warehouse, "ops.outbox") == 4


class Breaking:
    """A channel whose broker goes away; the real one is in the test above."""

    def __init__(self, after: int) -> None:
        self.sent: list[str] = []
        self._after = after

    def basic_publish(self, _exchange: str, _key: str, _body: bytes, properties: Any) -> None:
        if len(self.sent) == self._after:
            raise AMQPError
        self.sent.append(properties.message_id)


def test_what_was_confirmed_before_the_broker_broke_is_not_sent_again(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        outbox.attend(connection, "gitinsight", at=clock.now())
    tell(warehouse, claim(warehouse, add_repository(warehouse)), 4)
    breaking: Any = Breaking(2)

    with pytest.raises(AMQPError):
        messages.publish(warehouse, breaking, exchange="gitinsight")

    left = [one for (one,) in rows(warehouse, "select message_id from ops.outbox order by 1")]
    assert len(left) == 3
    assert set(left).isdisjoint(breaking.sent)


def test_without_a_broker_nothing_is_done(warehouse: Engine) -> None:
    messages.watch(warehouse, settings=MessagesSettings(), stop=threading.Event())

    assert count(warehouse, "ops.outbox_readers") == 0
