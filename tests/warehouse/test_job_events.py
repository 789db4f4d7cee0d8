"""What happens to jobs: told without gaps, in the order of commits, by whoever holds them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from gitinsight.errors import LeaseLost, NotFound
from tests.support.rows import AT, claim, queue, value
from warehouse import job_events, jobs
from warehouse.engine import Engine
from warehouse.job_events import Event
from warehouse.jobs import Job

SOON = AT + timedelta(seconds=10)
LATER = AT + timedelta(seconds=40)


def finish(warehouse: Engine, job: Job) -> None:
    with warehouse.begin() as connection:
        jobs.finish(connection, job, state="succeeded", at=AT, outcome={})


def events(warehouse: Engine, job: Job, after: int = 0) -> list[Event]:
    with warehouse.begin() as connection:
        return job_events.after(connection, job.job_id, after)


def test_an_event_tells_all_that_it_was_told(warehouse: Engine) -> None:
    job = claim(warehouse)
    budget = {"bucket": "graphql", "remaining": 4711, "reset_at": "2026-06-01T13:00:00Z"}
    with warehouse.begin() as connection:
        job_events.append(
            connection, job.job_id, at=SOON, state="running", stage="extract",
            resource="issues", done=2, total=3, rows=1, message="on", budget=budget,
            eta_seconds=4,
        )  # fmt: skip

    found = events(warehouse, job)[-1]
    assert (found.stage, found.resource, found.done, found.total, found.rows) == (
        "extract", "issues", 2, 3, 1,
    )  # fmt: skip
    assert (found.message, found.budget, found.eta_seconds) == ("on", budget, 4)
    assert value(warehouse, "select stage from ops.jobs where job_id = %s", job.job_id) == "extract"


def test_events_of_many_writers_have_no_gap_and_no_double(warehouse: Engine) -> None:
    job = claim(warehouse)

    def tell(_: int) -> None:
        with warehouse.begin() as connection:
            job_events.append(connection, job.job_id, at=AT, state="running")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tell, range(40)))

    found = events(warehouse, job)
    assert [one.seq for one in found] == list(range(1, 42))
    assert [one.event_id for one in found] == sorted(one.event_id for one in found)


def test_numbers_of_a_repository_grow_in_the_order_of_commits(warehouse: Engine) -> None:
    """Of two jobs of it, the later one waits for its turn."""
    first = claim(warehouse, 1)
    finish(warehouse, first)
    second = claim(warehouse, 1)

    def tell() -> None:
        with warehouse.begin() as connection:
            job_events.append(connection, second.job_id, at=AT, state="running", message="2")

    with ThreadPoolExecutor(1) as pool:
        with warehouse.begin() as connection:
            job_events.append(connection, first.job_id, at=AT, state="running", message="1")
            waiting = pool.submit(tell)
            with pytest.raises(TimeoutError):
                waiting.result(1)
        waiting.result(10)

    with warehouse.begin() as connection:
        whole = job_events.repository_after(connection, 1, 0)
    assert [one.message for one in whole][-2:] == ["1", "2"]


def test_an_event_that_is_rolled_back_leaves_no_gap(warehouse: Engine) -> None:
    job = claim(warehouse)
    with warehouse.connect() as connection:
        job_events.append(connection, job.job_id, at=AT, state="running", message="lost")
    with warehouse.begin() as connection:
        job_events.append(connection, job.job_id, at=AT, state="running", message="kept")

    assert [(one.seq, one.message) for one in events(warehouse, job, 1)] == [(2, "kept")]


def test_they_are_read_on_from_where_one_stopped(warehouse: Engine) -> None:
    first = claim(warehouse, 1)
    finish(warehouse, first)
    queue(warehouse, 1, at=SOON)
    queue(warehouse, 2)
    with warehouse.begin() as connection:
        whole = job_events.repository_after(connection, 1, 0)
        rest = job_events.repository_after(connection, 1, whole[0].event_id)
        one = job_events.repository_after(connection, 1, 0, limit=1)
        newest = job_events.repository_after(connection, 1, None, limit=2)

    assert [event.state for event in whole] == ["queued", "succeeded", "queued"]
    assert rest == whole[1:]
    assert one == whole[:1]
    assert newest == whole[1:]


def test_a_job_that_is_not_there_has_none(warehouse: Engine) -> None:
    with warehouse.begin() as connection, pytest.raises(NotFound):
        job_events.append(connection, uuid4(), at=AT, state="running")


def test_who_tells_of_its_progress_holds_its_job(warehouse: Engine) -> None:
    job = claim(warehouse)
    with warehouse.begin() as connection:
        is_to_stop = job_events.progress(
            connection, job.job_id, job.fence, at=SOON, lease_seconds=30, stage="extract", done=1
        )

    (told,) = events(warehouse, job, job.last_seq)
    assert not is_to_stop
    assert (told.state, told.stage, told.done, told.at) == ("running", "extract", 1, SOON)
    until = value(warehouse, "select lease_until from ops.jobs where job_id = %s", job.job_id)
    assert until == LATER


def test_who_tells_of_its_progress_learns_that_it_is_to_stop(warehouse: Engine) -> None:
    job = claim(warehouse)
    with warehouse.begin() as connection:
        jobs.request_cancel(connection, job.job_id, at=SOON)

        assert job_events.progress(
            connection, job.job_id, job.fence, at=SOON, lease_seconds=30, stage="extract"
        )


@pytest.mark.parametrize("is_over", [True, False])
def test_who_has_lost_a_job_tells_nothing_of_it(warehouse: Engine, *, is_over: bool) -> None:
    job = claim(warehouse)
    fence = job.fence if is_over else job.fence - 1
    if is_over:
        finish(warehouse, job)
    told = events(warehouse, job)

    with warehouse.begin() as connection, pytest.raises(LeaseLost):
        job_events.progress(connection, job.job_id, fence, at=SOON, lease_seconds=30)

    assert events(warehouse, job) == told
