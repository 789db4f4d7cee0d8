"""What tests stand on: a real PostgreSQL, a simulated GitHub over HTTP, the API on a socket."""

import io
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest
import structlog
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.app import create_app
from api.fast.lane import FastLane
from api.serve import Server, configuration
from gitinsight import logs
from gitinsight.runtime import postgres, state
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.runtime.process import free_port
from gitinsight.settings import Settings
from gitinsight.simulator import serve
from tests.support.analyses import analyse
from tests.support.databases import copy_of
from tests.support.github import GitHub
from warehouse.engine import Engine, make_engine
from warehouse.migrate import migrate

ADMIN_KEY = "the-admin-key-of-the-tests"
_SLOW_START_SECONDS = 20
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - directories in it are made by mkdtemp
_ROOM_BYTES = 3 * 2**30
_HAS_ROOM = _SHARED_MEMORY.is_dir() and shutil.disk_usage(_SHARED_MEMORY).free > _ROOM_BYTES
_IN_MEMORY = _SHARED_MEMORY if _HAS_ROOM else None
"""Making a database costs ten times as much on a disk."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Markers come from what a test uses and where it lies; nobody writes them by hand."""
    for item in items:
        if "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker("postgres")
        if "acceptance" in item.path.parts:
            item.add_marker("acceptance")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """A developer's own variables change no test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("GITINSIGHT_") or name in {"GITHUB_TOKEN", "GH_TOKEN"}:
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def shared_dir() -> Iterator[Path]:
    with _directory() as path:
        yield path


@pytest.fixture
def state_dir() -> Iterator[Path]:
    """A state directory that `nobody`, as whom PostgreSQL runs for root, can walk into."""
    with _directory() as path:
        state.prepare(path)
        yield path


@pytest.fixture(scope="session")
def postgres_server(shared_dir: Path) -> Iterator[EmbeddedPostgres]:
    home = shared_dir / "server"
    state.prepare(home)
    with postgres.running(home, port=free_port(0), durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def _template(postgres_server: EmbeddedPostgres) -> str:
    engine = make_engine(postgres_server.ensure_database("template"), process="test")
    migrate(engine)
    engine.dispose()
    return "template"


@pytest.fixture
def database_url(postgres_server: EmbeddedPostgres, _template: str) -> Iterator[str]:
    """A migrated database of this test's own."""
    with copy_of(postgres_server, _template) as url:
        yield url


@pytest.fixture
def warehouse(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, process="test")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _repositories(shared_dir: Path) -> Path:
    """The git repositories of the simulated GitHub, made once."""
    git_dir = shared_dir / "git"
    with serve.serving(git_dir=git_dir):
        return git_dir


@pytest.fixture(scope="session")
def _github_port() -> int:
    """The same for every test: a repository is known by the address of its host."""
    return free_port(0)


@pytest.fixture
def github(_repositories: Path, _github_port: int) -> Iterator[GitHub]:
    """A simulated GitHub of this test's own, to be changed at will."""
    with ExitStack() as stack:
        git_dir = stack.enter_context(_directory()) / "git"
        shutil.copytree(_repositories, git_dir)
        served = stack.enter_context(serve.serving(git_dir=git_dir, port=_github_port))
        yield stack.enter_context(GitHub(served.url))


@pytest.fixture
def settings(state_dir: Path, database_url: str, github: GitHub) -> Settings:
    """What a process is told that analyses repositories of the simulated GitHub."""
    return settings_of(state_dir, database_url, github.url)


@pytest.fixture(scope="session")
def _analysed(
    postgres_server: EmbeddedPostgres, _repositories: Path, _github_port: int, shared_dir: Path
) -> str:
    """The database after one analysis of synthetic-labs/borealis."""
    engine = make_engine(postgres_server.ensure_database("analysed"), process="test")
    migrate(engine)
    with serve.serving(git_dir=_repositories, port=_github_port) as served:
        home = shared_dir / "analysed"
        state.prepare(home)
        settings = settings_of(home, postgres_server.url("analysed"), served.url)
        assert analyse(settings, engine, "synthetic-labs/borealis").state == "succeeded"
    engine.dispose()
    return "analysed"


@pytest.fixture(scope="module")
def library(postgres_server: EmbeddedPostgres, _template: str) -> Iterator[Engine]:
    """A warehouse that the tests of a module share: filled once and read, or emptied by each."""
    with copy_of(postgres_server, _template) as url:
        engine = make_engine(url, process="test")
        yield engine
        engine.dispose()


@pytest.fixture
def analysed(
    postgres_server: EmbeddedPostgres, _analysed: str, state_dir: Path, github: GitHub
) -> Iterator[Settings]:
    """Settings of a warehouse that holds one analysis, of synthetic-labs/borealis."""
    with copy_of(postgres_server, _analysed) as url:
        yield settings_of(state_dir, url, github.url)


@pytest.fixture
def api(settings: Settings) -> Iterator[httpx2.Client]:
    """The API on a socket, and a client that holds the admin key."""
    with serving_api(settings) as url:
        headers = {"authorization": f"Bearer {ADMIN_KEY}"}
        with httpx2.Client(base_url=url, headers=headers, timeout=30) as client:
            yield client


@contextmanager
def serving_api(
    settings: Settings, *, http: type[HttpToolsProtocol] = FastLane, port: int | None = None
) -> Iterator[str]:
    app = create_app(settings, warehouse_url=settings.warehouse_url, admin_key=ADMIN_KEY)
    with serving_app(app, http=http, port=port) as url:
        yield url


@contextmanager
def serving_app(
    app: FastAPI, *, http: type[HttpToolsProtocol] = FastLane, port: int | None = None
) -> Iterator[str]:
    """``port`` where somebody has to know it before."""
    port = port or free_port(0)
    server = Server(configuration(app, host="127.0.0.1", port=port, http=http))
    thread = threading.Thread(target=server.run, name="api", daemon=True)
    thread.start()
    deadline = time.monotonic() + _SLOW_START_SECONDS
    while not server.started:
        assert thread.is_alive(), "the API does not start"
        assert time.monotonic() < deadline, "the API does not start in time"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What this process logs from here on, a JSON object a line; afterwards all is as it was."""
    root, server = logging.getLogger(), logging.getLogger("uvicorn")
    before = root.handlers, root.level, server.handlers, server.level, server.propagate
    stream = io.StringIO()
    logs.configure(stream=stream)
    yield stream
    root.handlers, root.level, server.handlers, server.level, server.propagate = before
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def settings_of(state_dir: Path, database_url: str, github_url: str) -> Settings:
    return Settings.model_validate(
        {
            "state_dir": state_dir,
            "warehouse": {"url": database_url},
            "github": {
                "api_url": github_url, "clone_url": github_url + "/{owner}/{name}.git",
                "tokens": "test-token", "wait_seconds": 2,
                "requests_per_minute": 0, "queries_per_minute": 0,
            },
        }
    )  # fmt: skip


@contextmanager
def _directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="gitinsight-test-", dir=_IN_MEMORY))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
