"""One attempt at one job: everything that its steps work with, put together and taken apart."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flows.steps.run import Run
from gitinsight import clock
from gitinsight.git.mirror import Mirror
from gitinsight.github import access
from gitinsight.settings import Settings
from gitinsight.targets import GIT
from warehouse import jobs, repositories
from warehouse.engine import Engine


@contextmanager
def attempt(settings: Settings, engine: Engine, job_id: UUID, *, worker: str) -> Iterator[Run]:
    """Claim the job; LeaseLost where somebody else works at it."""
    lease_seconds = settings.orchestrator.lease_seconds
    with engine.begin() as connection:
        job = jobs.claim(
            connection, job_id, worker=worker, at=clock.now(), lease_seconds=lease_seconds
        )
        repository = repositories.by_id(connection, job.repository_id)
    host = settings.github.api_url if repository.host == GIT else repository.host
    client = access.connect(settings, host)
    cancelled = threading.Event()
    mirror = Mirror(
        settings.state_dir / "mirrors" / f"{repository.repository_id}.git",
        repository.clone_url,
        token=access.git_token(settings, repository.host, repository.clone_url),
        timeout_seconds=settings.git.timeout_seconds,
        low_speed_seconds=settings.git.low_speed_seconds,
        max_bytes=settings.git.max_mirror_bytes,
        is_cancelled=cancelled.is_set,
    )
    try:
        yield Run(
            warehouse=engine,
            client=client,
            repository=repository,
            job=job,
            mirror=mirror,
            clock=clock.now,
            state_dir=settings.state_dir,
            lease_seconds=lease_seconds,
            cancelled=cancelled,
            workflow_jobs_days=settings.github.workflow_jobs_days,
        )
    finally:
        client.close()
