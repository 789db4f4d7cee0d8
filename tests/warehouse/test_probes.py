"""A probe is seen once the job has succeeded that began after it."""

from datetime import timedelta

import pytest

from tests.support.rows import AT, claim, queue, value
from warehouse import jobs, probes
from warehouse.engine import Engine
from warehouse.probes import Known

SOON = AT + timedelta(seconds=5)
STATE = {"issues": [3, "2026-01-01T00:00:00Z"]}


def known(warehouse: Engine, repository_id: int = 1) -> Known:
    with warehouse.begin() as connection:
        return probes.known(connection, [repository_id])[repository_id]


def test_of_one_that_was_never_probed_nothing_is_known(warehouse: Engine) -> None:
    assert known(warehouse) == Known(1, None, None, None)


@pytest.mark.parametrize(
    ("state", "seen"),
    [("succeeded", STATE), ("partial", None), ("failed", None), ("cancelled", None)],
)
def test_it_is_seen_once_its_job_has_succeeded(
    warehouse: Engine, state: str, seen: dict[str, object] | None
) -> None:
    job = queue(warehouse)
    with warehouse.begin() as connection:
        probes.record(connection, 1, STATE, probed_at=AT, job_id=job.job_id)
    assert known(warehouse).state is None

    held = claim(warehouse)
    assert known(warehouse).state is None
    with warehouse.begin() as connection:
        jobs.finish(connection, held, state=state, at=AT, outcome={})

    assert known(warehouse) == Known(1, seen, state, None)


def test_a_later_job_changes_nothing_about_what_was_seen(warehouse: Engine) -> None:
    held = claim(warehouse)
    with warehouse.begin() as connection:
        probes.record(connection, 1, STATE, probed_at=AT, job_id=held.job_id)
        jobs.finish(connection, held, state="succeeded", at=AT, outcome={})
    queue(warehouse, at=SOON)

    assert known(warehouse) == Known(1, STATE, "queued", None)


def test_the_newest_probe_is_kept(warehouse: Engine) -> None:
    job = queue(warehouse)
    with warehouse.begin() as connection:
        probes.record(connection, 1, {}, probed_at=AT, job_id=job.job_id)
        probes.record(connection, 1, STATE, probed_at=AT, job_id=job.job_id)
        probes.record_quiet(connection, [1, 2], probed_at=SOON)

    assert value(warehouse, "select state from ops.probes") == STATE
    assert value(warehouse, "select probed_at from ops.probes") == SOON
