"""The Prefect flows: thin wrappers that show in its UI what the plain steps do."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

from prefect import flow, task
from prefect.runtime import flow_run
from prefect.utilities.urls import url_for

from flows.analysis import analyze
from flows.attempt import attempt
from flows.fleet import refresh
from flows.steps.run import Run
from gitinsight import clock, logs, traces
from gitinsight.errors import LeaseLost
from gitinsight.settings import Settings
from warehouse import jobs
from warehouse.engine import make_engine

T = TypeVar("T")
NAME = "analyze-repository"
REFRESH = "refresh-repositories"
RETRAIN = "retrain-models"


@flow(name=NAME, flow_run_name="{full_name}", log_prints=False)
async def analyze_repository(job_id: str, full_name: str) -> str:
    """Run one job that is queued in ``ops.jobs``; its row there says how it ended."""
    run_id = UUID(flow_run.id) if flow_run.id else None
    state = await asyncio.to_thread(_analyze, UUID(job_id), run_id)
    return f"{full_name}: {state}"


@flow(name=REFRESH, log_prints=False)
async def refresh_repositories() -> int:
    """Discover what is new, and queue an analysis of what has changed; how many were queued."""
    return await asyncio.to_thread(_refresh)


@flow(name=RETRAIN, log_prints=False)
async def retrain_models(models: list[str] | None = None) -> list[str]:
    """Train models anew, all that can be or those that are named; what became of each."""
    return await asyncio.to_thread(_retrain, models)


def as_task(name: str, step: Callable[[], T], /) -> T:
    """A step as a Prefect task. It is not retried there: the client retries what passes, and the
    job is parked for the rest, so that a step never runs twice at once.
    """

    @task(name=name, persist_result=False)
    def run() -> T:
        return step()

    return run()


def _analyze(job_id: UUID, run_id: UUID | None) -> str:
    settings = Settings()
    logs.configure(settings.log_level)
    traces.configure(settings.tracing, service="gitinsight-flow")
    engine = make_engine(settings.warehouse_url, process="flow")
    try:
        with attempt(settings, engine, job_id, worker="prefect") as run:
            if run_id is not None:
                _link(run, run_id)
            return analyze(run, quality=settings.quality, call=as_task).state
    except LeaseLost:
        return "taken over"
    finally:
        engine.dispose()
        traces.flush()


def _refresh() -> int:
    settings = Settings()
    logs.configure(settings.log_level)
    engine = make_engine(settings.warehouse_url, process="flow", pool_size=1)
    try:
        return refresh(settings, engine)
    finally:
        engine.dispose()


def _retrain(models: list[str] | None) -> list[str]:
    # An analysis trains nothing, and is a process of its own.
    from flows.steps.retraining import folder_of, retrain, trainable  # noqa: PLC0415

    settings = Settings()
    logs.configure(settings.log_level)
    folder, engine = folder_of(settings), make_engine(settings.warehouse_url, process="flow")
    try:
        return [
            f"{found.definition}: {found.verdict}"
            for found in (
                as_task(f"retrain-{one}", partial(retrain, engine, one, folder, at=clock.now()))
                for one in trainable(models)
            )
        ]
    finally:
        engine.dispose()


def _link(run: Run, run_id: UUID) -> None:
    url = url_for("flow-run", obj_id=run_id)
    with run.warehouse.begin() as connection:
        jobs.record_flow_run(connection, run.job.job_id, flow_run_id=run_id, flow_run_url=str(url))
