"""Hosts of their own, each a network namespace on one bridge, and a PostgreSQL that they reach."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from gitinsight.runtime import postgres
from gitinsight.runtime.process import free_port
from tests.support import storm_worker

NETWORK = "10.213.77"
ADDRESS = f"{NETWORK}.1"
_BRIDGE = "gibridge"
_START_SECONDS = 30


def missing() -> str | None:
    """Why there can be none here."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    try:
        with _bridge():
            return None
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no network namespaces: {error}"


@dataclass(frozen=True, slots=True)
class Host:
    name: str

    def cut_off(self) -> None:
        """Nothing comes through, and nobody is told."""
        _ip("link", "set", f"{self.name}-out", "down")

    def reconnect(self) -> None:
        _ip("link", "set", f"{self.name}-out", "up")

    def work(
        self, job_id: str, environment: Mapping[str, str], log: Path
    ) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                ["ip", "netns", "exec", self.name, sys.executable, storm_worker.__file__, job_id],
                env=dict(environment), stdout=output, stderr=output,
            )  # fmt: skip


@contextmanager
def network(*names: str) -> Iterator[list[Host]]:
    with _bridge(), ExitStack() as stack:
        yield [
            stack.enter_context(_host(f"gi-{name}", f"{NETWORK}.{number}"))
            for number, name in enumerate(names, 2)
        ]


@contextmanager
def database(home: Path, name: str) -> Iterator[str]:
    """Its URL, for this host and for all others: the embedded server with one more address."""
    with postgres.running(home, port=free_port(0)) as server:
        server.ensure_database(name)
        data = home / "postgres"
        pid = (data / "postmaster.pid").read_text().splitlines()[0]
        command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
        user = Path(f"/proc/{pid}").stat()
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {NETWORK}.0/24 scram-sha-256\n")
    command[command.index("-h") + 1] = f"127.0.0.1,{ADDRESS}"
    url = server.url(name).replace("127.0.0.1", ADDRESS)
    with subprocess.Popen(
        command, cwd="/", user=user.st_uid, group=user.st_gid, extra_groups=[],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            _wait_for(url, process)
            yield url
        finally:
            process.terminate()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            assert process.poll() is None, "PostgreSQL does not start"
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.1)
        else:
            return


@contextmanager
def _bridge() -> Iterator[None]:
    _ip("link", "add", _BRIDGE, "type", "bridge")
    try:
        _ip("address", "add", f"{ADDRESS}/24", "dev", _BRIDGE)
        _ip("link", "set", _BRIDGE, "up")
        yield
    finally:
        _ip("link", "delete", _BRIDGE)


@contextmanager
def _host(name: str, address: str) -> Iterator[Host]:
    _ip("netns", "add", name)
    try:
        _ip("link", "add", f"{name}-out", "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", f"{name}-out", "master", _BRIDGE, "up")
        _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        _ip("-n", name, "link", "set", "lo", "up")
        yield Host(name)
    finally:
        _ip("netns", "delete", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
