"""A worker that is killed at any moment loses nothing and repeats nothing."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from gitinsight.settings import Settings
from tests.support.analyses import count, enqueue, with_gaps
from tests.support.commands import variables
from tests.support.fingerprints import Fingerprint, fingerprint
from warehouse import jobs
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
_WORKER = (
    "import sys; from uuid import UUID; from gitinsight.settings import Settings;"
    "from flows.alone import work_off; from warehouse.engine import make_engine;"
    "s = Settings(); work_off(s, make_engine(s.warehouse_url, process='test'), [UUID(sys.argv[1])])"
)
_LONGEST_SECONDS = 120
_LOOKS = "insights.code_looks"
"""A row for each analysis in full, of which there may be some between two kills."""


def spawn(settings: Settings, job_id: UUID) -> "subprocess.Popen[bytes]":
    environment = variables(settings, GITINSIGHT_ORCHESTRATOR__LEASE_SECONDS="1")
    return subprocess.Popen([sys.executable, "-c", _WORKER, str(job_id)], env=environment)


def held(warehouse: Engine) -> Fingerprint:
    found = fingerprint(warehouse, "raw", "marts", "insights")
    return {table: told for table, told in found.items() if table != _LOOKS}


@pytest.fixture
def undisturbed(settings: Settings, warehouse: Engine) -> Fingerprint:
    job = enqueue(settings, warehouse, NAME, as_of=AS_OF)
    assert spawn(settings, job.job_id).wait(_LONGEST_SECONDS) == 0
    found = held(warehouse)
    with warehouse.begin() as connection:
        for table in (*found, _LOOKS):
            connection.exec_driver_sql(f"truncate {table}")
        for table in ("cursors", "jobs", "job_events", "publications", "completeness"):
            connection.exec_driver_sql(f"truncate ops.{table}")
    return found


def moments(kills: int) -> Iterator[float]:
    """Seconds after its start at which a worker is killed; the same in every run of the test."""
    chance = random.Random(7)  # noqa: S311 - reproducible, not secret
    for _ in range(kills):
        yield chance.uniform(0.8, 9)


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.timeout(900)
def test_a_killed_worker_changes_nothing(
    settings: Settings,
    warehouse: Engine,
    undisturbed: Fingerprint,
    kills: int,
) -> None:
    job = enqueue(settings, warehouse, NAME, as_of=AS_OF)
    struck = 0
    for seconds in moments(kills * 3):
        worker = spawn(settings, job.job_id)
        try:
            worker.wait(seconds)
        except subprocess.TimeoutExpired:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            struck += 1
        if struck == kills:
            break
        if _state(warehouse, job.job_id) in jobs.FINAL:
            # It was done between two kills: the same once more, over what is held already.
            job = enqueue(settings, warehouse, NAME, as_of=AS_OF, is_full=True)

    assert spawn(settings, job.job_id).wait(_LONGEST_SECONDS) == 0

    assert struck == kills
    assert _state(warehouse, job.job_id) == "succeeded"
    assert held(warehouse) == undisturbed
    assert count(warehouse, "ops.jobs where state in ('queued', 'running')") == 0
    assert with_gaps(warehouse) == []


def _state(warehouse: Engine, job_id: UUID) -> str:
    with warehouse.begin() as connection:
        return jobs.by_id(connection, job_id).state


def test_what_a_killed_worker_held_is_taken_over_within_a_minute(
    settings: Settings, warehouse: Engine
) -> None:
    job = enqueue(settings, warehouse, NAME)
    worker = spawn(settings, job.job_id)
    deadline = time.monotonic() + 30
    while _state(warehouse, job.job_id) != "running" and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.kill()
    worker.wait()

    started = time.monotonic()
    assert spawn(settings, job.job_id).wait(_LONGEST_SECONDS) == 0

    assert _state(warehouse, job.job_id) == "succeeded"
    assert time.monotonic() - started < 60
