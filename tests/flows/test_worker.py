"""Which jobs a worker takes: as many as it has places for, those of the dead first."""

from datetime import timedelta
from uuid import UUID

from flows.worker import Worker, give_up, idempotency_key, mark_outdated, startable
from gitinsight import clock
from gitinsight.settings import Settings
from models.sentiment import Tone
from tests.support.analyses import enqueue
from warehouse import dirty, jobs, tones
from warehouse.engine import Engine
from warehouse.jobs import Job

NAMES = ("synthetic-labs/aurora", "synthetic-labs/borealis", "synthetic-labs/empty-repo")
ONE, TWO = Worker(UUID(int=1), 1, 50_000), Worker(UUID(int=2), 2, 50_000)


def claim(warehouse: Engine, job: Job, *, ago: timedelta = timedelta(0)) -> Job:
    with warehouse.begin() as connection:
        return jobs.claim(connection, job.job_id, worker="other", at=clock.now() - ago)


def test_the_oldest_jobs_are_taken_up_to_the_number_of_places(
    settings: Settings, warehouse: Engine
) -> None:
    queued = [enqueue(settings, warehouse, name) for name in NAMES]

    taken = startable(warehouse, TWO)

    assert [job.job_id for job in taken] == [job.job_id for job in queued[:2]]


def test_another_worker_has_places_for_more(settings: Settings, warehouse: Engine) -> None:
    queued = [enqueue(settings, warehouse, name) for name in NAMES]
    assert len(startable(warehouse, ONE)) == 1

    taken = startable(warehouse, TWO)

    assert [job.job_id for job in taken] == [job.job_id for job in queued]


def test_a_job_that_is_being_done_takes_a_place(settings: Settings, warehouse: Engine) -> None:
    queued = [enqueue(settings, warehouse, name) for name in NAMES]
    claim(warehouse, queued[0])

    taken = startable(warehouse, TWO)

    assert [job.job_id for job in taken] == [queued[1].job_id]


def test_a_job_whose_worker_died_comes_first(settings: Settings, warehouse: Engine) -> None:
    queued = [enqueue(settings, warehouse, name) for name in NAMES]
    claim(warehouse, queued[2], ago=timedelta(minutes=5))

    taken = startable(warehouse, ONE)

    assert [job.job_id for job in taken] == [queued[2].job_id]


def test_a_parked_job_is_left_until_its_time(settings: Settings, warehouse: Engine) -> None:
    held = claim(warehouse, enqueue(settings, warehouse, NAMES[0]))
    with warehouse.begin() as connection:
        soon = clock.now() + timedelta(hours=1)
        jobs.park(connection, held, not_before=soon, at=clock.now())

    assert startable(warehouse, TWO) == []


def test_a_run_is_asked_for_once_a_minute_from_when_its_job_was_asked_for(
    settings: Settings, warehouse: Engine
) -> None:
    job = enqueue(settings, warehouse, NAMES[0])
    asked = job.requested_at
    keys = [idempotency_key(job, asked + timedelta(seconds=waited)) for waited in range(61)]

    assert len(set(keys[:60])) == 1, "the turn of the clock's minute is no second run"
    assert keys[60] != keys[0]


def test_a_job_that_kills_every_worker_is_given_up(settings: Settings, warehouse: Engine) -> None:
    held = claim(warehouse, enqueue(settings, warehouse, NAMES[0]), ago=timedelta(minutes=5))

    give_up(warehouse, held)

    with warehouse.begin() as connection:
        job = jobs.by_id(connection, held.job_id)
    assert (job.state, job.error_type) == ("failed", "WorkerDied")


def test_a_job_that_somebody_took_meanwhile_is_not_given_up(
    settings: Settings, warehouse: Engine
) -> None:
    held = claim(warehouse, enqueue(settings, warehouse, NAMES[0]), ago=timedelta(minutes=5))
    claim(warehouse, held)

    give_up(warehouse, held)

    with warehouse.begin() as connection:
        assert jobs.by_id(connection, held.job_id).state == "running"


def test_what_models_of_an_earlier_package_have_said_is_to_be_said_anew(
    settings: Settings, warehouse: Engine
) -> None:
    job = enqueue(settings, warehouse, NAMES[0])
    with warehouse.begin() as connection:
        said = [(b"x", Tone("positive", 0.0, 0.1, 0.9, None))]
        tones.store(connection, job.repository_id, said, model="sentiment@0", at=clock.now())

    mark_outdated(warehouse)

    with warehouse.begin() as connection:
        assert [one.thing for one in dirty.due(connection, job.repository_id)] == [dirty.FIGURES]
