"""The Prefect flow of one job: a thin wrapper that shows in its UI what the plain steps do."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from prefect import flow, task
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.utilities.urls import url_for

from flows import artifacts, run_states
from flows.analysis import analyze
from flows.attempt import attempt
from flows.stack import RUN_LOGGER
from flows.steps.run import Run, StepResult
from gitinsight import logs, traces
from gitinsight.errors import LeaseLost
from gitinsight.settings import Settings
from warehouse import jobs, run_links
from warehouse.engine import Engine, make_engine

T = TypeVar("T")
NAME = "analyze-repository"
_SHOWN = logging.getLogger(RUN_LOGGER)


@flow(name=NAME, flow_run_name="{full_name}", log_prints=False)
async def analyze_repository(job_id: str, full_name: str) -> State[Any]:
    """Run one job that is queued in ``ops.jobs``; the run ends in the state that its row has."""
    run_id = UUID(flow_run.id) if flow_run.id else None
    return await asyncio.to_thread(_analyze, UUID(job_id), full_name, run_id)


def as_task(name: str, step: Callable[[], T], /) -> T:
    """A step as a Prefect task. It is not retried there: the client retries what passes, and the
    job is parked for the rest, so that a step never runs twice at once.
    """

    @task(name=name, persist_result=False)
    def run() -> T:
        started = time.monotonic()
        result = step()
        _SHOWN.info("%s: %s in %.1f s", name, what_came(result), time.monotonic() - started)
        return result

    return run()


def what_came(result: object) -> str:
    """Of a step, in words."""
    if isinstance(result, list):
        read = [one for one in result if isinstance(one, StepResult)]
        return ", ".join(f"{one.thing} {what_came(one)}" for one in read) or "done"
    if not isinstance(result, StepResult):
        return "done"
    if result.unavailable is not None:
        return f"cannot be read ({result.unavailable})"
    return f"{result.touched} new or changed"


def _analyze(job_id: UUID, full_name: str, run_id: UUID | None) -> State[Any]:
    settings = Settings()
    logs.configure(settings.log_level)
    traces.configure(settings.tracing, service="gitinsight-flow")
    engine = make_engine(settings.warehouse_url, process="flow")
    try:
        with attempt(settings, engine, job_id, worker=run_links.BY) as run:
            if run_id is not None:
                _link(run, run_id)
            job = analyze(run, quality=settings.quality, call=as_task)
            _SHOWN.info("the job is %s: %s", job.state, job.error_detail or "no trouble")
        if run_id is not None:
            artifacts.publish(engine, job, full_name, flow_run_id=run_id)
        return run_states.deserved(job)
    except LeaseLost:
        return run_states.superseded(_now(engine, job_id))
    finally:
        engine.dispose()
        traces.flush()


def _now(engine: Engine, job_id: UUID) -> jobs.Job | None:
    with engine.begin() as connection:
        return run_links.several(connection, [job_id]).get(job_id)


def _link(run: Run, run_id: UUID) -> None:
    url = url_for("flow-run", obj_id=run_id)
    with run.warehouse.begin() as connection:
        jobs.record_flow_run(connection, run.job.job_id, flow_run_id=run_id, flow_run_url=str(url))
