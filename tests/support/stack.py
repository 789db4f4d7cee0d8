"""A running stack, as somebody sees it who started it and uses it over HTTP."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from gitinsight.runtime import state
from gitinsight.runtime.process import free_port
from gitinsight.settings import Settings
from tests.support.commands import command, variables

T = TypeVar("T")
ANALYSIS_SECONDS = 90
_START_SECONDS = 300


@dataclass(slots=True)
class Running:
    """``printed`` is what it said on its standard output until it was ready."""

    environment: dict[str, str]
    state_dir: Path
    process: "subprocess.Popen[str]"
    printed: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['GITINSIGHT_API__PORT']}"

    @property
    def prefect(self) -> str:
        return f"http://127.0.0.1:{self.environment['GITINSIGHT_ORCHESTRATOR__PORT']}"

    def get(self, path: str, **parameters: Any) -> Any:
        answer = httpx2.get(f"{self.url}{path}", params=parameters, timeout=30)
        return answer.raise_for_status().json()

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._write("POST", path, body)

    def delete(self, path: str) -> Any:
        return self._write("DELETE", path, None)

    def _write(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        key = (self.state_dir / "admin.key").read_text()
        headers = {"authorization": f"Bearer {key}"}
        answer = httpx2.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=30)
        return answer.raise_for_status().json()

    def id_of(self, name: str) -> int:
        found: int = self.get(f"/api/v1/repositories/by-name/{name}")["repository_id"]
        return found

    def ask(self, name: str, *, full: bool = False) -> str:
        """The id of a new job; one that was on its way is waited for first."""
        path = f"/api/v1/repositories/{self.id_of(name)}/analyze"
        while not (asked := self.post(path, {"full": full}))["is_new"]:
            self.ended(asked["job_id"])
        return str(asked["job_id"])

    def analyse(self, name: str, *, full: bool = False) -> dict[str, Any]:
        """The job, when it has ended."""
        return self.ended(self.ask(name, full=full))

    def ended(self, job_id: str) -> dict[str, Any]:
        def job() -> dict[str, Any] | None:
            found: dict[str, Any] = self.get(f"/api/v1/jobs/{job_id}")
            return found if found["state"] not in {"queued", "running"} else None

        return until(job, ANALYSIS_SECONDS, "the job does not end")

    def pids(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self.state_dir / "run" / "pids.json").read_text())
        return found

    def log(self, service: str) -> str:
        return (self.state_dir / "logs" / f"{service}.log").read_text("utf-8", "replace")


@contextmanager
def up(state_dir: Path, *names: str, github: dict[str, Any], lease: int = 10) -> Iterator[Running]:
    """`gitinsight up` with an embedded database and these repositories, when all is analysed."""
    state.prepare(state_dir)
    settings = Settings.model_validate({
        "state_dir": state_dir, "github": {"tokens": "a-token", **github},
        "warehouse": {"port": free_port(0)}, "redis": {"port": free_port(0)},
        "api": {"port": free_port(0)},
        "orchestrator": {"port": free_port(0), "lease_seconds": lease, "warm_seconds": 60},
    })  # fmt: skip
    environment = variables(settings)
    process = subprocess.Popen(
        command("up", *names), env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    printed: list[str] = []
    patience = threading.Timer(_START_SECONDS, process.send_signal, [signal.SIGINT])
    patience.start()
    try:
        for line in process.stdout:
            printed.append(line)
            if "Ctrl-C" in line:
                break
        patience.cancel()
        yield Running(environment, state_dir, process, printed)
    finally:
        patience.cancel()
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)
        process.stdout.close()


def until(ask: Callable[[], T | None], seconds: float, problem: str) -> T:
    """The first answer that is something; AssertionError where none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = ask()
        except httpx2.HTTPError:
            found = None
        if found is not None:
            return found
        assert time.monotonic() < deadline, problem
        time.sleep(0.1)
