"""One attempt at one job: everything that its steps work with, put together and taken apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from flows.steps.run import LEASE_SECONDS, Run
from gitinsight import clock, logs
from gitinsight.git.mirror import Mirror
from gitinsight.github.client import GitHubClient
from gitinsight.settings import GitHubSettings, Settings
from warehouse import jobs, repositories
from warehouse.engine import Engine

_LOG = logs.get(__name__)


@contextmanager
def attempt(settings: Settings, engine: Engine, job_id: UUID, *, worker: str) -> Iterator[Run]:
    """Claim the job; LeaseLost where somebody else works at it."""
    with engine.begin() as connection:
        job = jobs.claim(
            connection, job_id, worker=worker, at=clock.now(), lease_seconds=LEASE_SECONDS
        )
        repository = repositories.by_id(connection, job.repository_id)
    host = settings.github.api_url if repository.host == "git" else repository.host
    token = token_for(settings, host)
    client = make_client(settings.github, token, api_url=host)
    mirror = Mirror(
        settings.state_dir / "mirrors" / f"{repository.repository_id}.git",
        repository.clone_url,
        token=token,
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
        )
    finally:
        client.close()


def make_client(settings: GitHubSettings, token: str | None, *, api_url: str) -> GitHubClient:
    is_configured = api_url == settings.api_url
    graphql = settings.graphql if is_configured else GitHubSettings(api_url=api_url).graphql
    return GitHubClient(
        api_url=api_url,
        graphql_url=graphql,
        token=token,
        timeout_seconds=settings.timeout_seconds,
        wait_seconds=settings.wait_seconds,
        on_wait=_tell_wait,
    )


def token_for(settings: Settings, host: str) -> str | None:
    """A token goes to the host that it was made for, and to no other."""
    if host == settings.simulator.url:
        return "synthetic"
    if host != settings.github.api_url or not settings.tokens:
        return None
    return settings.tokens[0].get_secret_value()


def _tell_wait(bucket: str, until: datetime) -> None:
    _LOG.warning("waiting_for_limit", bucket=bucket, until=until.isoformat())
