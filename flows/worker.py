"""Serves the flows and hands them the jobs: ``ops.jobs`` says what is to do, Prefect runs it.

Whoever wants an analysis writes a row; nobody but this process talks to Prefect.
"""

import threading
import time
from datetime import datetime

from prefect import serve
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.utilities.urls import url_for

from flows import (
    deployments,
    messages,
    notify,
    organisations,
    project,
    reconcile,
    retention,
    webhook_queue,
)
from flows.analyze_repository import NAME
from flows.webhooks import watch
from gitinsight import clock, logs
from gitinsight.errors import LeaseLost, first_line
from gitinsight.settings import Settings
from warehouse import jobs, repositories, run_links
from warehouse import lanes as choice
from warehouse.engine import UNREACHABLE, Engine, make_engine
from warehouse.jobs import Job
from warehouse.lanes import CLAIM_WITHIN, Lanes

_LOG = logs.get(__name__)
_POLL_SECONDS = 0.5
_TAKEOVERS = 30


def main() -> None:
    settings = Settings()
    logs.configure(settings.log_level)
    engine = make_engine(settings.warehouse_url, process="worker", pool_size=4)
    threading.Thread(
        target=project.compiled, args=(settings.state_dir / "dbt",), name="project", daemon=True
    ).start()  # the first job finds it compiled
    places = settings.orchestrator.concurrency
    lanes = Lanes(places, settings.orchestrator.giant_records)
    threading.Thread(target=dispatch, args=(engine, lanes), name="dispatch", daemon=True).start()
    threading.Thread(
        target=organisations.discover_added, args=(settings, engine), name="discover", daemon=True
    ).start()
    delivered = {"host": settings.github.api_url, "stop": threading.Event()}
    threading.Thread(
        target=watch, args=(engine,), kwargs=delivered, name="webhooks", daemon=True
    ).start()
    threading.Thread(
        target=retention.watch, args=(engine,),
        kwargs={"settings": settings.retention, "stop": threading.Event()}, name="retention",
        daemon=True,
    ).start()  # fmt: skip
    threading.Thread(
        target=reconcile.watch, args=(engine,),
        kwargs={
            "lease_seconds": settings.orchestrator.lease_seconds, "stop": threading.Event(),
        },
        name="reconcile", daemon=True,
    ).start()  # fmt: skip
    threading.Thread(
        target=notify.watch, args=(engine, settings), kwargs={"stop": threading.Event()},
        name="notify", daemon=True,
    ).start()  # fmt: skip
    told = {"settings": settings.messages, "stop": threading.Event()}
    threading.Thread(
        target=messages.watch, args=(engine,), kwargs=told, name="messages", daemon=True
    ).start()
    threading.Thread(
        target=webhook_queue.watch, args=(engine,),
        kwargs=told | {"secret": settings.github.webhook_secret}, name="webhook-queue", daemon=True,
    ).start()  # fmt: skip
    with get_client(sync_client=True) as client:
        deployments.watch_for_zombies(client)
        served = [*deployments.deployments(client, settings.orchestrator)]
    # Schedules go on without this worker: another one may be up, and what is late runs later.
    serve(*served, pause_on_shutdown=False, limit=places + 1)


def dispatch(engine: Engine, lanes: Lanes) -> None:
    """Turn jobs that may start into flow runs, and take over those whose worker died."""
    deployment_id = None
    with get_client(sync_client=True) as client:
        while True:
            try:
                if deployment_id is None:
                    deployment_id = client.read_deployment_by_name(
                        f"{NAME}/{deployments.ANALYZE}"
                    ).id
                for job in startable(engine, lanes):
                    _start(client, engine, job, str(deployment_id))
            except UNREACHABLE as error:
                _LOG.warning("warehouse_not_reached", reason=first_line(error))
            except Exception as error:  # noqa: BLE001 - the edge of a thread: it must not end
                _LOG.warning("orchestrator_not_reached", reason=first_line(error))
            time.sleep(_POLL_SECONDS)


def startable(engine: Engine, lanes: Lanes) -> list[Job]:
    """No more than there are places for: those that wait stay rows, not runs."""
    with engine.begin() as connection:
        return choice.startable(connection, lanes, clock.now())


def _start(client: SyncPrefectClient, engine: Engine, job: Job, deployment_id: str) -> None:
    if job.state == "running" and job.attempt >= _TAKEOVERS:
        give_up(engine, job)
        return
    with engine.begin() as connection:
        full_name = repositories.by_id(connection, job.repository_id).full_name
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
