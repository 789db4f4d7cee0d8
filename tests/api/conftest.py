"""The API as most of its tests need it: quick to start, and without a GitHub."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from gitinsight.runtime import state, valkey
from gitinsight.runtime.process import free_port
from gitinsight.runtime.supervisor import Supervisor
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.marts import publish_figures
from tests.support.rows import add_repository, claim
from warehouse.engine import Engine


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
def published(reading: httpx2.Client, library: Engine) -> httpx2.Client:
    """Of two repositories with three days each."""
    for number in (1, 2):
        repository_id = add_repository(library, f"octo/app-{number}", github_id=number)
        publish_figures(library, claim(library, repository_id))
    return reading


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
