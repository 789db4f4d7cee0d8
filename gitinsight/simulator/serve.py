"""Runs the simulated GitHub, in the foreground or beside a test."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime.process import free_port
from gitinsight.simulator.app import create_app
from gitinsight.simulator.organisation import SIZES
from gitinsight.simulator.state import Simulator

_START_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Simulated:
    url: str
    simulator: Simulator
    """What it shows, to be compared with what was read of it."""

    @property
    def clone_url(self) -> str:
        return f"{self.url}/{{owner}}/{{name}}.git"


def run(*, port: int, seed: int, git_dir: Path) -> None:
    """Serve until interrupted."""
    server, _ = _server(port, seed, git_dir)
    server.run()


@contextmanager
def serving(
    *, port: int = 0, seed: int = 1, git_dir: Path, host: str = "127.0.0.1",
    sizes: Mapping[str, int] = SIZES,
) -> Iterator[Simulated]:  # fmt: skip
    """In a thread, for as long as the block lasts."""
    chosen = free_port(port)
    server, simulator = _server(chosen, seed, git_dir, host, sizes)
    thread = threading.Thread(target=server.run, name="simulator", daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise BrokenEnvironment("the simulated GitHub does not start", f"is {chosen} in use?")
        time.sleep(0.02)
    try:
        yield Simulated(f"http://{host}:{chosen}", simulator)
    finally:
        server.should_exit = True
        thread.join()


def _server(
    port: int, seed: int, git_dir: Path, host: str = "127.0.0.1",
    sizes: Mapping[str, int] = SIZES,
) -> tuple[uvicorn.Server, Simulator]:  # fmt: skip
    base_url = f"http://{host}:{port}"
    app = create_app(seed=seed, git_dir=git_dir, base_url=base_url, sizes=sizes)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            log_level="warning",
            lifespan="off",
            date_header=False,
        )
    )
    return server, app.state.simulator
