"""The dashboard in a real browser, over the API, over figures of a real analysis."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gitinsight.runtime import state
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import Settings
from gitinsight.simulator import serve
from tests.conftest import ADMIN_KEY, serving_api, settings_of
from tests.support.browser import browsing
from tests.support.databases import copy_of
from warehouse.engine import Engine, make_engine


@dataclass(frozen=True)
class Site:
    """Where the pages are, and what is behind them; ``repository`` is the one with figures."""

    url: str
    api: httpx2.Client
    settings: Settings
    warehouse: Engine
    repository: int


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
