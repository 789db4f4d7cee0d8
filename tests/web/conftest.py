"""The dashboard in a real browser, over the API, over figures of a real analysis."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from gitinsight.clock import now
from gitinsight.runtime import state
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import Settings
from gitinsight.simulator import serve
from tests.conftest import ADMIN_KEY, serving_api, settings_of
from tests.support.browser import browsing
from tests.support.databases import copy_of
from tests.support.rows import add_repository
from warehouse import job_events, jobs
from warehouse.engine import Engine, driver, make_engine
from warehouse.jobs import Job


@dataclass(frozen=True)
class Site:
    """Where the pages are, and what is behind them; ``repository`` is the one with figures."""

    url: str
    api: httpx2.Client
    settings: Settings
    warehouse: Engine
    repository: int

    def queued(self) -> str:
        """The job of this repository that is active, or a new one."""
        path = f"/api/v1/repositories/{self.repository}/analyze"
        return str(self.api.post(path).raise_for_status().json()["job_id"])

    def begun(self, job_id: str) -> Job:
        """One that is queued has read some of the issues."""
        with self.warehouse.begin() as connection:
            held = jobs.claim(connection, UUID(job_id), worker="here", at=now())
        self.read_more(held, done=3, rows=3)
        return held

    def read_more(self, job: Job, *, done: int, rows: int) -> None:
        with self.warehouse.begin() as connection:
            job_events.append(
                connection, job.job_id, at=now(), state="running", stage="extract",
                resource="issues", done=done, total=9, rows=rows,
            )  # fmt: skip

    @contextmanager
    def other(self) -> Iterator[str]:
        """The name of another repository, without figures."""
        name = "other/one"
        other = add_repository(self.warehouse, name, github_id=7)
        try:
            yield name
        finally:
            with self.warehouse.begin() as connection:
                driver(connection).execute(
                    "delete from ops.repositories where repository_id = %s", (other,)
                )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def site(
    browser: Any, postgres_server: EmbeddedPostgres, _analysed: str, _repositories: Path,
    _github_port: int, tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:  # fmt: skip
    """After the browser: without one there is nothing to be analysed."""
    home = tmp_path_factory.mktemp("site")
    state.prepare(home)
    git_dir = home / "git"
    shutil.copytree(_repositories, git_dir)
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    with (
        copy_of(postgres_server, _analysed) as database,
        serve.serving(git_dir=git_dir, port=_github_port) as github,
    ):
        engine = make_engine(database, process="test")
        settings = settings_of(home, database, github.url)
        with (
            serving_api(settings) as url,
            httpx2.Client(base_url=url, headers=headers, timeout=30) as api,
        ):
            (known,) = api.get("/api/v1/repositories").json()["data"]
            yield Site(url, api, settings, engine, known["repository_id"])
        engine.dispose()
