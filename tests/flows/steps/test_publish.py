"""The last step: figures become what readers see, if the job is still this worker's."""

from datetime import timedelta

import pytest

from flows.attempt import attempt
from flows.steps.insights import Insights, compute
from flows.steps.publish import publish
from gitinsight import clock
from gitinsight.errors import LeaseLost
from gitinsight.settings import Settings
from tests.support.analyses import attempting, enqueue, rows
from warehouse import jobs
from warehouse.engine import make_engine

NAME = "synthetic-labs/borealis"


def test_a_publication_is_numbered_and_dated(analysed: Settings) -> None:
    warehouse = make_engine(analysed.warehouse_url, process="test")
    with attempting(analysed, warehouse, NAME) as run:
        number = publish(run, compute(run), quality_status="warned")

    shown = rows(warehouse, "select publication, quality_status, job_id from ops.publications")
    warehouse.dispose()
    assert number == 2
    assert shown == [(2, "warned", run.job.job_id)]


def test_a_worker_that_lost_its_job_publishes_nothing(analysed: Settings) -> None:
    warehouse = make_engine(analysed.warehouse_url, process="test")
    job = enqueue(analysed, warehouse, NAME)
    with attempt(analysed, warehouse, job.job_id, worker="first") as run:
        with warehouse.begin() as connection:
            later = clock.now() + timedelta(hours=1)
            jobs.claim(connection, job.job_id, worker="second", at=later)

        with pytest.raises(LeaseLost):
            publish(run, Insights(), quality_status="passed")

    shown = rows(warehouse, "select publication from ops.publications")
    warehouse.dispose()
    assert shown == [(1,)]
