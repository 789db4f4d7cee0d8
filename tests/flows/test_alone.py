"""Jobs that are worked off without a stack."""

import threading
import time
from datetime import timedelta
from uuid import UUID

from flows.alone import work_off
from gitinsight import clock
from gitinsight.settings import OrchestratorSettings, Settings
from tests.support.analyses import enqueue
from tests.support.github import GitHub
from tests.support.storm_worker import extract_alone
from warehouse import jobs
from warehouse.engine import Engine

NAME = "synthetic-labs/empty-repo"


def test_a_job_that_fails_does_not_keep_the_others_waiting(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    first = enqueue(settings, warehouse, NAME)
    second = enqueue(settings, warehouse, "synthetic-labs/borealis")
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.repositories set full_name = 'synthetic-labs/' || repository_id"
        )

    work_off(settings, warehouse, [first.job_id, second.job_id])

    with warehouse.begin() as connection:
        states = [jobs.by_id(connection, one.job_id).state for one in (first, second)]
    assert states == ["failed", "failed"]


def test_a_job_of_a_worker_that_died_is_taken_over_when_its_lease_has_run_out(
    settings: Settings, warehouse: Engine
) -> None:
    settings = settings.model_copy(update={"orchestrator": OrchestratorSettings(lease_seconds=1)})
    job = enqueue(settings, warehouse, NAME)
    with warehouse.begin() as connection:
        jobs.claim(connection, job.job_id, worker="dead", at=clock.now(), lease_seconds=1)

    work_off(settings, warehouse, [job.job_id])

    with warehouse.begin() as connection:
        ended = jobs.by_id(connection, job.job_id)
    assert (ended.state, ended.worker, ended.attempt) == ("succeeded", "cli", 2)


def test_a_job_that_somebody_else_does_is_waited_for(settings: Settings, warehouse: Engine) -> None:
    job = enqueue(settings, warehouse, NAME)
    with warehouse.begin() as connection:
        held = jobs.claim(connection, job.job_id, worker="other", at=clock.now())
    waiting = threading.Thread(target=work_off, args=(settings, warehouse, [job.job_id]))
    waiting.start()
    time.sleep(0.2)
    assert waiting.is_alive()

    with warehouse.begin() as connection:
        jobs.finish(connection, held, state="succeeded", at=clock.now(), outcome={})

    waiting.join(10)
    assert not waiting.is_alive()


def test_a_job_that_was_parked_is_taken_up_when_its_time_has_come(
    settings: Settings, warehouse: Engine
) -> None:
    job = enqueue(settings, warehouse, NAME)
    with warehouse.begin() as connection:
        held = jobs.claim(connection, job.job_id, worker="other", at=clock.now())
        jobs.park(connection, held, not_before=clock.now() + timedelta(minutes=1), at=clock.now())
    work_off(settings, warehouse, [job.job_id], work=extract_alone)
    with warehouse.begin() as connection:
        assert jobs.by_id(connection, job.job_id).state == "queued"
        connection.exec_driver_sql("update ops.jobs set not_before = now()")

    work_off(settings, warehouse, [job.job_id], work=extract_alone, worker="another")

    with warehouse.begin() as connection:
        ended = jobs.by_id(connection, job.job_id)
    assert (ended.state, ended.worker) == ("succeeded", "another")


def test_nothing_is_begun_after_somebody_has_said_stop(
    settings: Settings, warehouse: Engine
) -> None:
    job = enqueue(settings, warehouse, NAME)
    stop = threading.Event()
    stop.set()

    work_off(settings, warehouse, [job.job_id], stop=stop)

    with warehouse.begin() as connection:
        assert jobs.by_id(connection, job.job_id).state == "queued"


def test_other_work_can_be_done_for_a_job(settings: Settings, warehouse: Engine) -> None:
    job = enqueue(settings, warehouse, NAME)

    work_off(settings, warehouse, [job.job_id], work=extract_alone)

    with warehouse.begin() as connection:
        ended = jobs.by_id(connection, job.job_id)
    assert ended.state == "succeeded"
    assert ended.outcome is not None
    assert ended.outcome["seconds"] == {}, "no stage was made but the first"


def test_a_job_that_went_with_its_repository_keeps_no_other_waiting(
    settings: Settings, warehouse: Engine
) -> None:
    job = enqueue(settings, warehouse, NAME)

    work_off(settings, warehouse, [UUID(int=7), job.job_id], work=extract_alone)

    with warehouse.begin() as connection:
        assert jobs.by_id(connection, job.job_id).state == "succeeded"
