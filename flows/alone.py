"""Jobs in this process, one after the other, where no stack runs that would take them."""

import threading
import time
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from flows.analysis import analyze
from flows.attempt import attempt
from flows.steps.run import Run
from gitinsight import clock, logs
from gitinsight.errors import LeaseLost, NotFound, first_line
from gitinsight.settings import QualitySettings, Settings
from warehouse import jobs
from warehouse.engine import UNREACHABLE, Engine
from warehouse.jobs import Job

_LOG = logs.get(__name__)
_WAIT_SECONDS = 1.0


class Work(Protocol):
    """Does one job, from its claim to its end."""

    def __call__(self, run: Run, *, quality: QualitySettings) -> Job: ...


def work_off(
    settings: Settings, engine: Engine, job_ids: Sequence[UUID], *, work: Work = analyze,
    worker: str = "cli", stop: threading.Event | None = None,
) -> None:  # fmt: skip
    """Every job to its end, or until it is parked; its row says how it went. After ``stop`` no
    other attempt is begun.
    """
    for job_id in job_ids:
        while not (stop and stop.is_set()) and not _is_over(engine, job_id):
            _try(settings, engine, job_id, work, worker)


def _try(settings: Settings, engine: Engine, job_id: UUID, work: Work, worker: str) -> None:
    try:
        with attempt(settings, engine, job_id, worker=worker) as run:
            work(run, quality=settings.quality)
    except LeaseLost:
        time.sleep(_WAIT_SECONDS)  # somebody else is at it, or died at it: its lease runs out
    except UNREACHABLE as error:
        _LOG.warning("warehouse_not_reached", reason=first_line(error))
        time.sleep(_WAIT_SECONDS)
    except Exception as error:  # noqa: BLE001 - the edge of a thread; the job has ended as failed
        _LOG.warning("analysis_failed", job_id=str(job_id), reason=first_line(error))


def _is_over(engine: Engine, job_id: UUID) -> bool:
    try:
        with engine.begin() as connection:
            job = jobs.by_id(connection, job_id)
    except NotFound:
        return True  # with its repository, which was removed
    except UNREACHABLE:
        return False
    is_due = job.not_before is not None and job.not_before <= clock.now()
    return job.is_over and not (job.state == "queued" and is_due)
