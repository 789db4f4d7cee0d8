"""Recorded repositories behind GitHub's protocol, and what reading them was charged."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from gitinsight.runtime import process

FOLDER = Path(__file__).parents[2] / "shared" / "replay"
_START_SECONDS = 120


class Missing(RuntimeError):
    """A benchmark cannot run here; the text says what is not there."""


@dataclass(frozen=True, slots=True)
class Charged:
    """What GitHub would have charged: REST requests, without those answered 304, and points."""

    requests: int
    points: int
    endpoints: dict[str, int]

    @property
    def total(self) -> int:
        return self.requests + self.points


@dataclass(frozen=True, slots=True)
class Replay:
    url: str

    def begin(self) -> None:
        """Start counting anew."""
        httpx2.post(f"{self.url}/_stats", json={"budgets": True}, timeout=60).raise_for_status()

    def charged(self) -> Charged:
        """Since counting began."""
        told = httpx2.get(f"{self.url}/_stats", timeout=60).raise_for_status().json()
        points: dict[str, int] = told["points"]
        rest = sum(count for bucket, count in points.items() if bucket.startswith("rest:"))
        return Charged(rest, points.get("graphql", 0), told["endpoints"])

    def set(self, **options: Any) -> None:
        """Options of the server: latency, faults, limits."""
        answer = httpx2.post(f"{self.url}/_control", json={"set": options}, timeout=60)
        answer.raise_for_status()

    def counts(self) -> dict[str, dict[str, int]]:
        """Repository -> how many issues, pulls, comments, reviews and review_comments it has."""
        served = httpx2.get(f"{self.url}/_data", timeout=60).raise_for_status().json()
        return {one["repo"]: one for one in served if one.get("issues") is not None}


@contextmanager
def serving(*arguments: str, is_large: bool = False) -> Iterator[Replay]:
    """A server of its own, without limits; Missing where the recorded data is not beside us.
    ``is_large``: with an index, see `benchmarks.large_replay`.
    """
    if not (FOLDER / "server.py").is_file():
        raise Missing(f"no recorded data in ../{FOLDER.parent.name}/{FOLDER.name}")
    port = process.free_port(0)
    url = f"http://127.0.0.1:{port}"
    program = ["-m", "benchmarks.large_replay"] if is_large else [str(FOLDER / "server.py")]
    command = [
        sys.executable, *program, "--port", str(port), "--no-limits", "--git-shas", *arguments,
    ]  # fmt: skip
    with tempfile.TemporaryFile() as log:
        server = process.start(command, log=log)
        try:
            _wait(url, server)
            yield Replay(url)
        finally:
            server.kill()
            server.wait()


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx2.get(f"{url}/_health", timeout=10).json()["graphql_ready"]:
                return
        except (httpx2.HTTPError, KeyError, ValueError):
            time.sleep(0.2)
        else:
            time.sleep(0.2)
    raise Missing("the replay server does not start")
