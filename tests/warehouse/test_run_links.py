"""Jobs and the runs that work at them, as rows."""

from datetime import timedelta
from uuid import uuid4

import pytest

from gitinsight.errors import LeaseLost
from tests.support.rows import AT, claim, queue, value
from warehouse import jobs, run_links
from warehouse.engine import Engine
from warehouse.jobs import Job

RUN = uuid4()
HANDED = "select handed_at from ops.jobs"


def link(warehouse: Engine, job: Job) -> Job:
    with warehouse.begin() as connection:
        run_links.link(connection, job, run_id=RUN, url="http://ui/run", at=AT)
        return jobs.by_id(connection, job.job_id)


def test_a_job_that_was_handed_out_names_its_run(warehouse: Engine) -> None:
    job = link(warehouse, queue(warehouse))

    assert (job.flow_run_id, job.flow_run_url) == (RUN, "http://ui/run")
    assert value(warehouse, HANDED) == AT
    with warehouse.begin() as connection:
        assert run_links.active(connection) == [job]
        assert run_links.several(connection, [job.job_id, uuid4()]) == {job.job_id: job}


def test_a_job_that_was_taken_meanwhile_names_no_other_run(warehouse: Engine) -> None:
    waiting = queue(warehouse)
    claim(warehouse)

    assert link(warehouse, waiting).flow_run_id is None


def test_a_job_that_is_done_without_a_run_is_none_of_them(warehouse: Engine) -> None:
    link(warehouse, queue(warehouse))
    claim(warehouse, worker="cli")

    with warehouse.begin() as connection:
        assert run_links.active(connection) == []


@pytest.mark.parametrize(("worker", "count"), [(run_links.BY, 1), ("cli", 0)])
def test_what_has_ended_meanwhile_is_found_with_its_run(
    warehouse: Engine, worker: str, count: int
) -> None:
    link(warehouse, queue(warehouse))
    held = claim(warehouse, worker=worker)
    hour = timedelta(hours=1)

    with warehouse.begin() as connection:
        before = run_links.ended(connection, since=AT - hour, until=AT + hour)
        jobs.finish(connection, held, state="succeeded", at=AT, outcome={})
        found = run_links.ended(connection, since=AT - hour, until=AT + hour)
        later = run_links.ended(connection, since=AT + hour, until=AT + 2 * hour)

    assert (len(before), len(found), len(later)) == (0, count, 0)


def test_a_job_that_a_run_of_dagster_does_is_of_the_catalogue(warehouse: Engine) -> None:
    job = claim(warehouse, worker=f"{run_links.CATALOG} {RUN}")

    with warehouse.begin() as connection:
        assert [one.job_id for one in run_links.in_catalog(connection)] == [job.job_id]
        jobs.finish(connection, job, state="succeeded", at=AT, outcome={})
        assert run_links.in_catalog(connection) == []


def test_a_run_that_is_gone_is_named_no_more(warehouse: Engine) -> None:
    job = link(warehouse, queue(warehouse))

    with warehouse.begin() as connection:
        run_links.unlink(connection, job)
        assert jobs.by_id(connection, job.job_id).flow_run_id is None
    assert value(warehouse, HANDED) is None


def test_a_job_whose_process_was_ended_is_cancelled_under_its_fence(warehouse: Engine) -> None:
    held = claim(warehouse)

    with warehouse.begin() as connection:
        ended = run_links.end_cancelled(connection, held, at=AT, reason="by hand")

    assert (ended.state, ended.error_detail, ended.finished_at) == ("cancelled", "by hand", AT)
    with warehouse.begin() as connection, pytest.raises(LeaseLost):
        jobs.heartbeat(connection, held.job_id, held.fence, at=AT)


def test_a_job_that_was_taken_over_is_not_cancelled(warehouse: Engine) -> None:
    held = claim(warehouse)
    with warehouse.begin() as connection:
        jobs.claim(connection, held.job_id, worker="other", at=AT + timedelta(minutes=1))

    with warehouse.begin() as connection, pytest.raises(LeaseLost):
        run_links.end_cancelled(connection, held, at=AT, reason="by hand")
