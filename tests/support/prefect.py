"""A real Prefect server, and what it says of its runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL, temporary_settings

from flows import stack
from gitinsight.runtime import state
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.runtime.process import free_port
from gitinsight.runtime.supervisor import Supervisor
from gitinsight.settings import Settings


@contextmanager
def serving(directory: Path, server: EmbeddedPostgres) -> Iterator[str]:
    """Its API, which clients of this process ask meanwhile."""
    state.prepare(directory)
    settings = Settings.model_validate(
        {"state_dir": directory, "orchestrator": {"port": free_port(0)}}
    )
    supervisor = Supervisor(directory)
    try:
        supervisor.start(stack.prefect_server(settings, stack.environment_of(settings), server))
        url = settings.orchestrator.url
        told = {PREFECT_API_URL: url, PREFECT_UI_URL: url.removesuffix("/api")}
        with temporary_settings(told):
            yield url
    finally:
        supervisor.stop()
