"""An attempt claims its job, or leaves it to whoever holds it."""

import pytest

from flows.attempt import attempt
from gitinsight.errors import LeaseLost, NotFound
from gitinsight.settings import Settings
from tests.support.analyses import enqueue
from warehouse.engine import Engine

NAME = "synthetic-labs/borealis"


def test_a_claimed_job_is_nobody_elses(settings: Settings, warehouse: Engine) -> None:
    job = enqueue(settings, warehouse, NAME)

    with attempt(settings, warehouse, job.job_id, worker="first") as run:
        assert run.job.state == "running"
        assert run.job.worker == "first"
        with (
            pytest.raises(LeaseLost),
            attempt(settings, warehouse, job.job_id, worker="second"),
        ):
            pass


def test_an_attempt_reads_as_many_days_of_workflow_jobs_as_the_settings_say(
    settings: Settings, warehouse: Engine
) -> None:
    github = settings.github.model_copy(update={"workflow_jobs_days": 30})
    settings = settings.model_copy(update={"github": github})
    job = enqueue(settings, warehouse, NAME)

    with attempt(settings, warehouse, job.job_id, worker="first") as run:
        assert run.workflow_jobs_days == 30


def test_a_job_that_was_taken_before_its_worker_died_has_a_higher_fence(
    settings: Settings, warehouse: Engine
) -> None:
    job = enqueue(settings, warehouse, NAME)
    with attempt(settings, warehouse, job.job_id, worker="first") as run:
        first = run.job.fence
    with warehouse.begin() as connection:
        connection.exec_driver_sql("update ops.jobs set lease_until = now() - interval '1 second'")

    with attempt(settings, warehouse, job.job_id, worker="second") as run:
        assert run.job.fence > first
        assert run.job.attempt == 2


def test_a_repository_that_is_unknown_is_said_to_be(settings: Settings, warehouse: Engine) -> None:
    job = enqueue(settings, warehouse, NAME)
    with warehouse.begin() as connection:
        connection.exec_driver_sql("delete from ops.repositories")

    with pytest.raises(NotFound), attempt(settings, warehouse, job.job_id, worker="first"):
        pass
