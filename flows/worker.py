"""Serves the flows and hands them the jobs: ``ops.jobs`` says what is to do, Prefect runs it.

Whoever wants an analysis writes a row; nobody but this process talks to Prefect.
"""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from prefect import serve
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.utilities.urls import url_for

from flows import (
    deployments,
    forks,
    messages,
    notify,
    organisations,
    previews,
    project,
    reconcile,
    removals,
    retention,
    webhook_queue,
)
from flows.analyze_repository import NAME
from flows.webhooks import watch
from gitinsight import clock, logs
from gitinsight.errors import LeaseLost, NotFound, first_line
from gitinsight.settings import Settings
from warehouse import jobs, predictions, repositories, run_links, workers
from warehouse import lanes as choice
from warehouse.engine import UNREACHABLE, Engine, make_engine
from warehouse.expectations import gate
from warehouse.jobs import Job
from warehouse.lanes import CLAIM_WITHIN, Lanes

_LOG = logs.get(__name__)
_POLL_SECONDS = 0.5
_TAKEOVERS = 30


@dataclass(frozen=True, slots=True)
class Worker:
    """One process, as the others know it. A repository of ``giant_records`` records is a giant."""

    worker_id: UUID
    places: int
    giant_records: int


def main() -> None:
    settings = Settings()
    logs.configure(settings.log_level)
    # Before there is a thread or a connection.
    forks.begin(prepare, idle_seconds=settings.orchestrator.warm_seconds)
    engine = make_engine(settings.warehouse_url, process="worker", pool_size=4)
    places = settings.orchestrator.concurrency
    me = Worker(uuid4(), places, settings.orchestrator.giant_records)
    stop = threading.Event()
    beside: dict[str, Callable[[], object]] = {
        # The first job finds it compiled.
        "project": partial(project.compiled, settings.state_dir / "dbt"),
        "dispatch": partial(dispatch, engine, me),
        "discover": partial(organisations.discover_added, settings, engine),
        "webhooks": partial(watch, engine, host=settings.github.api_url, stop=stop),
        "previews": partial(previews.watch, settings, engine, stop=stop),
        "predictions": partial(mark_outdated, engine),
        "retention": partial(retention.watch, engine, settings=settings.retention, stop=stop),
        "reconcile": partial(
            reconcile.watch, engine, lease_seconds=settings.orchestrator.lease_seconds, stop=stop
        ),
        "notify": partial(notify.watch, engine, settings, stop=stop),
        "removals": partial(removals.watch, settings, engine, stop=stop),
        "messages": partial(messages.watch, engine, settings=settings.messages, stop=stop),
        "webhook-queue": partial(
            webhook_queue.watch,
            engine,
            settings=settings.messages,
            secret=settings.github.webhook_secret,
            stop=stop,
        ),
    }
    for name, work in beside.items():
        threading.Thread(target=work, name=name, daemon=True).start()
    with get_client(sync_client=True) as client:
        deployments.watch_for_zombies(client)
        served = [*deployments.deployments(client, settings.orchestrator)]
    # Schedules go on without this worker: another one may be up, and what is late runs later.
    try:
        serve(*served, pause_on_shutdown=False, limit=places + 1)
    finally:
        with engine.begin() as connection:
            workers.leave(connection, me.worker_id)


def prepare() -> None:
    """What every analysis needs is made ready once, and is shared by all of them."""
    from models import actors_weights, sentiment_weights  # noqa: PLC0415 - the worker needs neither

    gate.prepare()
    sentiment_weights.shipped()
    actors_weights.shipped()


def mark_outdated(engine: Engine) -> None:
    """A package may have come with models that have said nothing yet."""
    with engine.begin() as connection:
        predictions.mark_outdated(connection, at=clock.now())


def dispatch(engine: Engine, me: Worker) -> None:
    """Turn jobs that may start into flow runs, and take over those whose worker died."""
    deployment_id = None
    with get_client(sync_client=True) as client:
        while True:
            try:
                if deployment_id is None:
                    deployment_id = client.read_deployment_by_name(
                        f"{NAME}/{deployments.ANALYZE}"
                    ).id
                for job in startable(engine, me):
                    _start(client, engine, job, str(deployment_id))
            except UNREACHABLE as error:
                _LOG.warning("warehouse_not_reached", reason=first_line(error))
            except Exception as error:  # noqa: BLE001 - the edge of a thread: it must not end
                _LOG.warning("orchestrator_not_reached", reason=first_line(error))
            time.sleep(_POLL_SECONDS)


def startable(engine: Engine, me: Worker) -> list[Job]:
    """No more than all workers that are up have places for: those that wait stay rows, not runs.
    Whichever of them asks, any of them may run what starts.
    """
    now = clock.now()
    with engine.begin() as connection:
        workers.tell(connection, me.worker_id, host=socket.gethostname(), places=me.places, at=now)
        lanes = Lanes(workers.places(connection, at=now), me.giant_records)
        return choice.startable(connection, lanes, now)


def _start(client: SyncPrefectClient, engine: Engine, job: Job, deployment_id: str) -> None:
    if job.state == "running" and job.attempt >= _TAKEOVERS:
        give_up(engine, job)
        return
    try:
        with engine.begin() as connection:
            full_name = repositories.by_id(connection, job.repository_id).full_name
    except NotFound:
        return  # it was removed meanwhile, and its job with it
    reason = job.reason or "asked"
    run = client.create_flow_run_from_deployment(
        deployment_id,  # type: ignore[arg-type]
        name=full_name,
        parameters={"job_id": str(job.job_id), "full_name": full_name},
        tags=[full_name, f"reason:{reason}", job.kind],
        labels={
            "gitinsight.job": str(job.job_id), "gitinsight.repository": full_name,
            "gitinsight.reason": reason,
        },
        idempotency_key=idempotency_key(job, clock.now()),
    )  # fmt: skip
    url = str(url_for("flow-run", obj_id=run.id))
    with engine.begin() as connection:
        run_links.link(connection, job, run_id=run.id, url=url, at=clock.now())


def idempotency_key(job: Job, at: datetime) -> str:
    """One run for each minute that a job has waited to be claimed: a run that died is replaced."""
    since = job.lease_until or job.not_before or job.requested_at
    return f"{job.job_id}-{job.fence}-{(at - since) // CLAIM_WITHIN}"


def give_up(engine: Engine, job: Job) -> None:
    """It has killed its worker again and again: there is no use in another one."""
    try:
        with engine.begin() as connection:
            held = jobs.claim(connection, job.job_id, worker="dispatch", at=clock.now())
            jobs.finish(
                connection, held, state="failed", at=clock.now(), outcome={},
                error_type="WorkerDied", error_detail=f"its worker died {job.attempt} times",
            )  # fmt: skip
    except LeaseLost:
        _LOG.info("job_taken_over", job_id=str(job.job_id))


if __name__ == "__main__":
    main()
