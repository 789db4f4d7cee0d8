"""Recorded data of real repositories behind GitHub's protocol, and an independent count of them."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gitinsight.runtime import process, state
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import Settings
from warehouse.engine import Engine, make_engine
from warehouse.migrate import migrate

REPLAY = Path(__file__).parents[3] / "shared" / "replay"
_START_SECONDS = 60


@pytest.fixture(scope="session")
def replay_url() -> Iterator[str]:
    with replaying("--git-shas") as url:
        yield url


@contextmanager
def replaying(*options: str) -> Iterator[str]:
    """Where the recorded data is served, until the end of the block."""
    if not (REPLAY / "server.py").is_file():
        pytest.skip(f"no recorded data in ../{REPLAY.parent.name}/{REPLAY.name}")
    port = process.free_port(0)
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, str(REPLAY / "server.py"), "--port", str(port), "--no-limits", *options
    ]  # fmt: skip
    with tempfile.TemporaryFile() as log:
        server = process.start([*command], log=log)
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not _is_ready(url):
                if server.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    pytest.fail(f"the replay server does not start: {log.read()[-500:]!r}")
                time.sleep(0.2)
            yield url
        finally:
            server.kill()
            server.wait()


@pytest.fixture(scope="session")
def truth(replay_url: str) -> dict[str, Any]:
    """Repository -> what is in the recorded data, counted without our code."""
    counted = subprocess.run(
        [sys.executable, str(REPLAY / "truth.py")], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(counted.stdout)
    return found


@pytest.fixture(scope="session")
def replayed(
    replay_url: str, shared_dir: Path, postgres_server: EmbeddedPostgres
) -> Iterator[tuple[Settings, Engine]]:
    """Settings under which the recorded repositories are GitHub, and one warehouse for them all."""
    home = shared_dir / "acceptance"
    state.prepare(home)
    url = postgres_server.ensure_database("acceptance")
    settings = Settings.model_validate(
        {
            "state_dir": home,
            "warehouse": {"url": url},
            "github": {
                "api_url": replay_url, "clone_url": replay_url + "/{owner}/{name}.git",
                "tokens": "a-token",
            },
        }
    )  # fmt: skip
    engine = make_engine(url, process="test")
    migrate(engine)
    yield settings, engine
    engine.dispose()


def _is_ready(url: str) -> bool:
    try:
        return bool(httpx2.get(f"{url}/_health").json()["graphql_ready"])
    except (httpx2.HTTPError, KeyError, ValueError):
        return False
