"""The API as most of its tests need it: quick to start, and without a GitHub."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from gitinsight.runtime import state, valkey
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.runtime.process import free_port
from gitinsight.runtime.supervisor import Supervisor
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.databases import copy_of
from warehouse.engine import Engine, make_engine


@pytest.fixture
def settings(request: pytest.FixtureRequest, state_dir: Path, database_url: str) -> Settings:
    """A GitHub only for a test that asks for ``github``."""
    told: dict[str, object] = {"state_dir": state_dir, "warehouse": {"url": database_url}}
    if "github" in request.fixturenames:
        github = request.getfixturevalue("github")
        told["github"] = {
            "api_url": github.url, "clone_url": github.clone_url, "tokens": "test-token",
            "wait_seconds": 2,
        }  # fmt: skip
    return Settings.model_validate(told)


@pytest.fixture(scope="module")
def library(postgres_server: EmbeddedPostgres, _template: str) -> Iterator[Engine]:
    """A warehouse that the tests of a module fill once and then only read."""
    with copy_of(postgres_server, _template) as url:
        engine = make_engine(url, process="test")
        yield engine
        engine.dispose()


@pytest.fixture(scope="module")
def reading(library: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """The API over the library."""
    url = library.url.render_as_string(hide_password=False)
    home = tmp_path_factory.mktemp("reading")
    settings = Settings.model_validate({"state_dir": home, "warehouse": {"url": url}})
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    with (
        serving_api(settings) as address,
        httpx2.Client(base_url=address, headers=headers, timeout=30) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = Path(tmp_path_factory.mktemp("valkey"))
    state.prepare(home)
    found = valkey.service(home, port=free_port(0))
    if found is None:
        pytest.skip("no Valkey here")
    service, url = found
    watching = Supervisor(home)
    watching.start(service)
    yield url
    watching.stop()
