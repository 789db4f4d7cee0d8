"""Prefect and ``ops.jobs`` put at odds on a real server, and what is mended."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.states import (
    Cancelled,
    Cancelling,
    Completed,
    Crashed,
    Failed,
    Pending,
    Running,
    Scheduled,
    State,
)

from flows import reconcile
from flows.analyze_repository import NAME
from gitinsight import clock
from tests.support.analyses import rows
from tests.support.rows import add_repository
from warehouse import jobs, run_links
from warehouse.engine import Engine
from warehouse.jobs import Job

LEASE = 30
LATER = timedelta(seconds=LEASE) + 2 * reconcile.GRACE


@flow(name=NAME)
def stand_in(job_id: str, full_name: str) -> str:  # what is tried here is never run
    return job_id + full_name


@pytest.fixture
def client(prefect_url: str) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        assert prefect_url
        yield client
        for run in reconcile.open_runs(client):
            client.delete_flow_run(run.id)


class World:
    """One job, and the run that it names."""

    def __init__(self, client: SyncPrefectClient, warehouse: Engine) -> None:
        self.client, self.warehouse = client, warehouse
        repository_id = add_repository(warehouse)
        with warehouse.begin() as connection:
            self.job_id = jobs.enqueue(connection, repository_id, at=clock.now())[0].job_id
        self.run_id = self.add_run(self.job_id)
        self.link(self.run_id)

    def add_run(self, job_id: UUID) -> UUID:
        told = {"job_id": str(job_id), "full_name": "octo/app"}
        return self.client.create_flow_run(stand_in, parameters=told, state=Scheduled()).id

    def link(self, run_id: UUID) -> None:
        with self.warehouse.begin() as connection:
            run_links.link(connection, self.job, run_id=run_id, url="http://x", at=clock.now())

    def claim(self, *, at: datetime | None = None, worker: str = run_links.BY) -> Job:
        with self.warehouse.begin() as connection:
            return jobs.claim(
                connection, self.job_id, worker=worker, at=at or clock.now(), lease_seconds=LEASE
            )

    def finish(self, state: str) -> None:
        with self.warehouse.begin() as connection:
            jobs.finish(
                connection, self.job, state=state, at=clock.now(), outcome={},
                error_type="X" if state == "failed" else None, error_detail=None,
            )  # fmt: skip

    def put(self, state: State[Any]) -> None:
        self.client.set_flow_run_state(self.run_id, state, force=True)

    def mend(self, *, after: timedelta = timedelta(0)) -> list[str]:
        """As if so much time had passed; why each thing was mended."""
        now = clock.now()
        done = reconcile.mend(
            self.client, self.warehouse, at=now + after, since=now - after, lease_seconds=LEASE
        )
        return [one.why for one in done]

    def keep_alive(self, *, for_: timedelta) -> None:
        with self.warehouse.begin() as connection:
            jobs.heartbeat(
                connection, self.job_id, self.job.fence, at=clock.now() + for_,
                lease_seconds=LEASE,
            )  # fmt: skip

    @property
    def job(self) -> Job:
        with self.warehouse.begin() as connection:
            return jobs.by_id(connection, self.job_id)

    @property
    def run(self) -> FlowRun:
        return self.client.read_flow_run(self.run_id)

    @property
    def told(self) -> list[str]:
        found = rows(self.warehouse, "select message from ops.job_events order by seq")
        return [message for (message,) in found if message and message.startswith("reconciled")]


@pytest.fixture
def world(client: SyncPrefectClient, warehouse: Engine) -> World:
    return World(client, warehouse)


def test_what_is_in_order_is_left_alone(world: World) -> None:
    waiting = world.mend()
    world.claim()
    world.put(Running())
    running = world.mend()
    world.keep_alive(for_=LATER)
    long_running = world.mend(after=LATER)
    world.finish("succeeded")
    world.put(Completed())

    assert (waiting, running, long_running, world.mend(after=LATER)) == ([], [], [], [])
    assert world.told == []


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("succeeded", "Completed"), ("partial", "Partial"), ("failed", "Failed"),
        ("cancelled", "Cancelled"),
    ],
)  # fmt: skip
def test_a_run_whose_job_has_ended_ends_as_it_did(world: World, state: str, expected: str) -> None:
    world.claim()
    world.put(Running())
    world.finish(state)

    assert world.mend() == [], "the run is about to say so itself"
    assert world.mend(after=LATER) == [f"the job is {state}"]

    assert world.run.state_name == expected
    assert world.told == [f"reconciled: the job is {state}; the run was Running, set to {expected}"]
    assert world.job.state == state
    assert world.mend(after=LATER) == []


@pytest.mark.parametrize(
    ("state", "ended", "expected"),
    [
        ("succeeded", Crashed(), "Completed"), ("partial", Failed(), "Partial"),
        ("failed", Completed(), "Failed"), ("cancelled", Crashed(), "Cancelled"),
    ],
)  # fmt: skip
def test_a_run_that_ended_otherwise_than_its_job_is_put_right(
    world: World, state: str, ended: State[Any], expected: str
) -> None:
    """As where Prefect was away when the run wanted to say how it had ended."""
    world.claim()
    world.finish(state)
    world.put(ended)

    assert world.mend() == [], "it may be that the run has yet to say so"
    assert world.mend(after=LATER) == [f"the job is {state}"]

    assert world.run.state_name == expected
    assert world.mend(after=LATER) == []


def test_a_process_that_died_of_a_job_that_failed_stays_dead(world: World) -> None:
    world.claim()
    world.finish("failed")
    world.put(Crashed())

    assert world.mend(after=LATER) == []


def test_an_ended_job_whose_run_was_deleted_is_in_order(world: World) -> None:
    world.claim()
    world.finish("succeeded")
    world.client.delete_flow_run(world.run_id)

    assert world.mend(after=LATER) == []


def test_a_run_that_waits_for_a_cancelled_job_is_cancelled_at_once(world: World) -> None:
    with world.warehouse.begin() as connection:
        jobs.request_cancel(connection, world.job_id, at=clock.now())

    world.mend()

    assert world.run.state_name == "Cancelled"


def test_who_cancels_a_run_cancels_the_job_that_waits(world: World) -> None:
    world.put(Cancelled())

    assert world.mend() == ["its run was cancelled"]

    assert world.job.state == "cancelled"


def test_who_cancels_a_run_has_its_job_asked_to_stop(world: World) -> None:
    held = world.claim()
    world.put(Running())
    world.put(Cancelling())

    assert world.mend() == ["its run was cancelled"]
    assert world.mend() == []

    assert world.job.state == "running"
    with world.warehouse.begin() as connection:
        assert jobs.heartbeat(connection, held.job_id, held.fence, at=clock.now())


def test_a_job_whose_run_was_killed_by_a_cancel_is_cancelled_and_fenced(world: World) -> None:
    held = world.claim()
    world.put(Cancelled())

    world.mend()

    assert world.job.state == "cancelled"
    assert world.job.fence > held.fence


def test_a_job_that_does_not_stop_is_stopped_by_its_process(world: World) -> None:
    world.claim()
    world.put(Running())
    with world.warehouse.begin() as connection:
        jobs.request_cancel(connection, world.job_id, at=clock.now())

    assert world.mend() == []
    assert world.mend(after=timedelta(seconds=9)) == ["it was asked to stop and did not"]

    assert world.run.state_name == "Cancelling"
    world.put(Crashed())
    assert world.mend() == ["it was asked to stop, and its run has ended"]
    assert world.job.state == "cancelled"


def test_a_run_whose_worker_died_does_not_keep_its_place(world: World) -> None:
    world.claim()
    world.put(Running())

    assert world.mend(after=LATER) == ["its worker died"]

    assert world.run.state_name == "Crashed"
    assert world.job.state == "running", "it is taken over, not ended"


def test_a_run_that_was_taken_for_dead_runs_again(world: World) -> None:
    world.claim()
    world.put(Crashed())
    assert world.mend() == [], "the lease runs out"
    world.keep_alive(for_=LATER)

    assert world.mend(after=LATER) == ["its worker lives"]

    assert world.run.state_name == "Running"


def test_a_run_that_waits_though_it_works_is_running(world: World) -> None:
    world.claim()
    world.put(Pending())
    world.keep_alive(for_=LATER)

    assert world.mend(after=LATER) == ["it is being worked at"]

    assert world.run.state_name == "Running"


def test_a_second_run_of_a_job_is_ended(world: World) -> None:
    second = world.add_run(world.job_id)
    world.link(second)

    assert world.mend() == []
    assert world.mend(after=LATER) == ["another run has the job"]

    assert world.run.state_name == "Superseded"
    assert world.client.read_flow_run(second).state_name == "Scheduled"


def test_a_run_of_no_job_is_ended(world: World) -> None:
    stray = world.add_run(UUID(int=7))

    assert world.mend() == ["there is no such job"]

    assert world.client.read_flow_run(stray).state_name == "Cancelled"


def test_a_run_that_somebody_started_by_hand_with_no_job_is_ended(world: World) -> None:
    told = {"job_id": "borealis", "full_name": "octo/app"}
    stray = world.client.create_flow_run(stand_in, parameters=told, state=Scheduled()).id

    assert world.mend() == ["there is no such job"]

    assert world.client.read_flow_run(stray).state_name == "Cancelled"


def test_a_run_of_a_parked_job_is_over(world: World) -> None:
    held = world.claim()
    world.put(Running())
    with world.warehouse.begin() as connection:
        jobs.park(connection, held, not_before=clock.now() + timedelta(hours=1), at=clock.now())

    assert world.mend() == []
    assert world.mend(after=LATER) == ["the job is parked"]

    assert world.run.state_name == "Parked"


def test_a_job_whose_run_was_deleted_is_handed_out_again(world: World) -> None:
    world.client.delete_flow_run(world.run_id)

    assert world.mend() == ["its run was deleted"]

    assert world.job.flow_run_id is None
    assert rows(world.warehouse, "select handed_at from ops.jobs") == [(None,)]
    assert world.mend() == []


def test_a_job_that_somebody_does_without_prefect_is_none_of_its_business(world: World) -> None:
    world.put(Crashed())
    world.claim(worker="cli")
    world.put(Cancelled())

    assert world.mend() == []

    assert world.job.state == "running"


def test_what_somebody_else_has_by_now_is_left_to_them(world: World) -> None:
    before = world.claim(at=clock.now() - LATER)
    world.put(Cancelled())
    mending = reconcile.of_ended(world.run, before, at=clock.now(), lease_seconds=LEASE)
    assert mending is not None
    world.claim()

    done = reconcile.apply(
        world.client, world.warehouse, before, world.run, mending, at=clock.now()
    )

    assert not done
    assert world.job.state == "running"
