"""The Prefect flows that run by the clock or on demand: thin wrappers over plain functions."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import Pause
from prefect.runtime import flow_run
from prefect.states import AwaitingRetry, Completed, Failed

from flows import fleet, organisations, retention
from flows.retries import again_at
from gitinsight import clock, logs
from gitinsight.errors import GitInsightError, UpstreamUnavailable, first_line
from gitinsight.settings import Settings
from warehouse.engine import UNREACHABLE, Engine, make_engine

REQUEST = "request-analyses"
REFRESH = "refresh-repositories"
DISCOVER = "discover-organisations"
SWEEP = "sweep-repositories"
CHECK = "check-quality"
FORGET = "forget-rows"
RETRAIN = "retrain-models"


@flow(name=REQUEST, log_prints=False)
async def request_analyses(names: list[str], *, full: bool = False) -> State[Any]:
    """Queue an analysis of each repository that is named: OWNER/NAME or the URL of one."""

    def ask(settings: Settings, engine: Engine) -> str:
        return _queued(len(fleet.request(settings, engine, names, is_full=full)))

    return await _run(ask)


@flow(name=REFRESH, log_prints=False)
async def refresh_repositories() -> State[Any]:
    """Discover what is new, and queue an analysis of what has changed; how many were queued."""
    return await _run(lambda settings, engine: _queued(fleet.refresh(settings, engine)))


@flow(name=DISCOVER, log_prints=False)
async def discover_organisations() -> State[Any]:
    """Ask every organisation for new repositories, and queue an analysis of each."""
    return await _run(
        lambda settings, engine: _queued(organisations.discover_all(settings, engine))
    )


@flow(name=SWEEP, log_prints=False)
async def sweep_repositories() -> State[Any]:
    """Queue what is to be asked for records that GitHub may have deleted without a word."""
    return await _run(lambda _, engine: _queued(fleet.sweep(engine)))


@flow(name=CHECK, log_prints=False)
async def check_quality() -> State[Any]:
    """Queue a check of what is held of every repository, which reads nothing."""
    return await _run(lambda settings, engine: _queued(fleet.check(settings, engine)))


@flow(name=FORGET, log_prints=False)
async def forget_rows() -> State[Any]:
    """Delete, batch by batch, rows that are not kept for ever."""
    return await _run(_forget)


@flow(name=RETRAIN, log_prints=False)
async def retrain_models(models: list[str] | None = None) -> State[Any]:
    """Train models anew, all that can be or those that are named; what became of each."""
    return await _run(partial(_retrain, models))


Work = Callable[[Settings, Engine], str]
"""Says in one line what was done."""


async def _run(task: Work) -> State[Any]:
    state = await asyncio.to_thread(work, task)
    if state.is_scheduled() and flow_run.id:
        async with get_client() as client:
            await client.set_flow_run_state(UUID(flow_run.id), state, force=True)
        raise Pause(state=state)  # the process ends, and the worker starts the run at its time
    return state


def work(task: Work) -> State[Any]:
    """One that fails is tried again when its error says that this may help; the run waits for it
    without a process.
    """
    try:
        with opened() as (settings, engine):
            return Completed(message=task(settings, engine))
    except (GitInsightError, *UNREACHABLE) as found:
        error = found if isinstance(found, GitInsightError) else _away(found)
        told = f"{type(error).__name__}: {error}"
        again = again_at(error, flow_run.run_count or 1, at=clock.now())
        if again is None:
            return Failed(message=told)
        return AwaitingRetry(scheduled_time=again, message=told)


@contextmanager
def opened(process: str = "flow") -> Iterator[tuple[Settings, Engine]]:
    """What a process that Prefect has started works with."""
    settings = Settings()
    logs.configure(settings.log_level)
    engine = make_engine(settings.warehouse_url, process=process, pool_size=1)
    try:
        yield settings, engine
    finally:
        engine.dispose()


def _away(error: Exception) -> GitInsightError:
    return UpstreamUnavailable("the warehouse", first_line(error))


def _queued(count: int) -> str:
    return f"{count} queued"


def _forget(settings: Settings, engine: Engine) -> str:
    gone = retention.forget(engine, settings.retention)
    return f"{sum(one['rows'] for one in gone)} rows deleted"


def _retrain(models: list[str] | None, settings: Settings, engine: Engine) -> str:
    # An analysis trains nothing, and is a process of its own.
    from flows.steps.retraining import folder_of, retrain, trainable  # noqa: PLC0415

    folder = folder_of(settings)
    found = [retrain(engine, one, folder, at=clock.now()) for one in trainable(models)]
    return "; ".join(f"{one.definition}: {one.verdict}" for one in found)
