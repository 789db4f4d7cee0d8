"""One attempt at one job: everything that its steps work with, put together and taken apart."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

from flows.steps.run import Run
from gitinsight import clock
from gitinsight.errors import LeaseLost, NotFound
from gitinsight.git.mirror import Mirror
from gitinsight.github import access
from gitinsight.runtime.memory import use_few_heaps
from gitinsight.settings import Settings
from gitinsight.targets import GIT
from warehouse import forgotten, jobs, repositories, tombstones
from warehouse.engine import Engine
from warehouse.governor import SharedGovernor


@contextmanager
def attempt(settings: Settings, engine: Engine, job_id: UUID, *, worker: str) -> Iterator[Run]:
    """Claim the job; LeaseLost where somebody else works at it."""
    use_few_heaps()  # each of its lists has threads
    lease_seconds = settings.orchestrator.lease_seconds
    with engine.begin() as connection:
        job = jobs.claim(
            connection, job_id, worker=worker, at=clock.now(), lease_seconds=lease_seconds
        )
        try:
            tombstones.hold(connection, job.repository_id)
        except NotFound as error:  # whoever erases what was removed ends the job, too
            raise LeaseLost(f"job {job_id}") from error
        repository = repositories.by_id(connection, job.repository_id)
        is_giant = repositories.is_giant(
            connection, job.repository_id, records=settings.orchestrator.giant_records
        )
    with engine.begin() as connection:  # after the claim, so that whoever forgets sees one of both
        veil = forgotten.load(connection)
    host = settings.github.api_url if repository.host == GIT else repository.host
    cancelled = threading.Event()
    client = access.connect(
        settings, host, subject=repository.full_name, governor=partial(SharedGovernor, engine),
        on_wait=lambda wait, until: run.tell_wait(wait, until),  # noqa: PLW0108 - no run yet
        is_cancelled=cancelled.is_set, veil=veil,
    )  # fmt: skip
    mirror = Mirror(
        settings.state_dir / "mirrors" / f"{repository.repository_id}.git",
        repository.clone_url,
        token=access.git_token(client, repository.host, repository.clone_url),
        timeout_seconds=settings.git.timeout_seconds,
        low_speed_seconds=settings.git.low_speed_seconds,
        max_bytes=settings.git.max_mirror_bytes,
        is_cancelled=cancelled.is_set,
    )
    run = Run(
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
        delivery=settings.delivery,
        embeddings=settings.embeddings,
        sentiment=settings.sentiment,
        is_giant=is_giant,
        veil=veil,
    )
    try:
        yield run
    finally:
        client.close()
