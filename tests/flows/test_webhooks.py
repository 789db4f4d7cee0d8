"""Every delivery gets its outcome, whatever goes wrong with another, and analyses are asked for."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from flows.webhooks import process, request_analyses, watch
from gitinsight import clock
from tests.support.rows import AT, HOST, add_repository, claim, queue, value
from tests.support.waiting import wait_for
from tests.support.webhooks import deliver, do, outcomes, payload, read, renamed
from warehouse import repositories
from warehouse.engine import Engine

NUMBER = {"number": 7}
MARKS = "select thing, key from ops.dirty order by 1, 2"


@pytest.fixture(autouse=True)
def repository_id(warehouse: Engine) -> int:
    return add_repository(warehouse)


class TestProcess:
    def test_a_redelivery_changes_nothing(self, warehouse: Engine) -> None:
        identifier = uuid4()
        told = payload("edited", issue=NUMBER)
        deliver(warehouse, "issues", told, delivery_id=identifier)
        process(warehouse, host=HOST)
        before = read(warehouse, "select * from ops.dirty")

        deliver(warehouse, "issues", told, delivery_id=identifier)

        assert process(warehouse, host=HOST) == 0
        assert read(warehouse, "select * from ops.dirty") == before

    @pytest.mark.parametrize("told", [b"{", b"", b"[]", payload("edited"), b'{"action": 1}'])
    def test_what_is_not_understood_fails_at_once_and_keeps_nobody_waiting(
        self, warehouse: Engine, told: dict[str, Any] | bytes
    ) -> None:
        broken = deliver(warehouse, "issues", told)
        deliver(warehouse, "issues", payload("edited", issue=NUMBER), at=AT + timedelta(seconds=1))

        assert process(warehouse, host=HOST) == 2

        assert sorted(outcomes(warehouse)) == ["failed", "marked"]
        assert "answered something unexpected" in value(
            warehouse, "select error from ops.webhook_deliveries where delivery_id = %s", broken
        )

    def test_what_fails_otherwise_is_tried_again_a_few_times_and_then_kept_as_failed(
        self, warehouse: Engine
    ) -> None:
        add_repository(warehouse, "octo/tool", github_id=2)

        assert do(warehouse, "repository", renamed("app", "tool")) is None
        assert process(warehouse, host=HOST) == 0
        assert wait_long(warehouse) == 5

        ((outcome, error, attempts),) = read(
            warehouse, "select outcome, error, attempts from ops.webhook_deliveries"
        )
        assert (outcome, attempts) == ("failed", 5)
        assert "octo/tool now names another repository" in error
        assert read(warehouse, MARKS) == [], "what failed has left nothing behind"

    def test_what_was_in_the_way_at_first_may_be_out_of_it_later(self, warehouse: Engine) -> None:
        other = add_repository(warehouse, "octo/tool", github_id=2)
        do(warehouse, "repository", renamed("app", "tool"))
        with warehouse.begin() as connection:
            repositories.rename(connection, other, "octo/old-tool", at=AT)

        wait_long(warehouse)

        assert outcomes(warehouse) == ["applied"]

    def test_a_rename_whose_forerunner_never_comes_is_left_to_the_next_analysis(
        self, warehouse: Engine
    ) -> None:
        assert do(warehouse, "repository", renamed("tool", "kit")) is None
        assert read(warehouse, MARKS) == [("repositories", "")]

        wait_long(warehouse)

        assert outcomes(warehouse) == ["overtaken"]
        assert value(warehouse, "select full_name from ops.repositories") == "octo/app"


class TestAnalyses:
    def test_many_deliveries_are_for_one_analysis_after_a_moment(
        self, warehouse: Engine, repository_id: int
    ) -> None:
        for number in range(5):
            do(warehouse, "issues", payload("opened", issue={"number": number}))
        now = clock.now()

        assert request_analyses(warehouse, at=now) == []
        (job,) = request_analyses(warehouse, at=now + timedelta(seconds=16))

        assert (job.repository_id, job.state, job.is_full) == (repository_id, "queued", False)
        assert request_analyses(warehouse, at=now + timedelta(seconds=17)) == []
        assert value(warehouse, "select count(*) from ops.jobs") == 1

    def test_what_a_running_job_may_not_see_waits_for_the_next(
        self, warehouse: Engine, repository_id: int
    ) -> None:
        claim(warehouse, repository_id)
        do(warehouse, "issues", payload("edited", issue=NUMBER))
        later = clock.now() + timedelta(minutes=1)
        assert request_analyses(warehouse, at=later) == []

        read_only = "update ops.jobs set state = 'succeeded' returning 1"
        assert value(warehouse, read_only) == 1

        assert len(request_analyses(warehouse, at=later)) == 1

    def test_a_queued_job_is_enough(self, warehouse: Engine, repository_id: int) -> None:
        queue(warehouse, repository_id)
        do(warehouse, "issues", payload("edited", issue=NUMBER))

        assert request_analyses(warehouse, at=clock.now() + timedelta(minutes=1)) == []


def test_somebody_watches_and_goes_on_after_trouble(warehouse: Engine) -> None:
    stop = threading.Event()
    told = {"host": HOST, "stop": stop}
    thread = threading.Thread(target=watch, args=(warehouse,), kwargs=told, daemon=True)
    with warehouse.begin() as connection:
        connection.exec_driver_sql("alter table ops.webhook_deliveries rename to hidden")
    thread.start()
    stop.wait(1.5)
    with warehouse.begin() as connection:
        connection.exec_driver_sql("alter table ops.hidden rename to webhook_deliveries")

    deliver(warehouse, "issues", payload("edited", issue=NUMBER))

    wait_for(lambda: outcomes(warehouse) == ["marked"])
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def wait_long(warehouse: Engine) -> int:
    """Process until no delivery waits for another attempt; how many attempts that took."""
    now = datetime.now(UTC)
    done = 0
    for _ in range(10):
        now += timedelta(hours=1)
        done += process(warehouse, host=HOST, now=lambda at=now: at)  # type: ignore[misc]
    return done
