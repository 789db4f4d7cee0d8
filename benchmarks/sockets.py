"""Events of a repository to 2,000 sockets, beside a Go service that does the same.

The program that listens to both also publishes: the Go service hears it over Redis, as it is made
to; ours hears an event of a job in PostgreSQL, which something that looks like Redis to that
program writes. Each server has one processor, the load the other one; runs alternate.
"""

import os
import random
import re
import socket
import socketserver
import statistics
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from benchmarks import go_peer, worker
from benchmarks.fast import serving_ours
from benchmarks.figures import Baseline, Figure, Target
from benchmarks.go_peer import Programs, Server
from benchmarks.measure import Failed
from gitinsight import clock
from warehouse import job_events, jobs, repositories
from warehouse.engine import Engine, make_engine
from warehouse.migrate import migrate

NAME = "sockets"
_ISSUE = 5
_CLIENTS = 2_000
_PER_SECOND = 8
_SECONDS = 4
_RUNS = 7
_OURS = "ours"


@dataclass(frozen=True, slots=True)
class Delivery:
    """``p99`` is in milliseconds from when the load published to when a client had it."""

    p99: float
    cpu_microseconds: float
    lost: int


@dataclass(frozen=True, slots=True)
class Contest:
    """``ports`` are where the load publishes what it is to hear from each."""

    programs: Programs
    engine: Engine
    servers: list[Server]
    ports: Mapping[str, int]


def measure() -> Iterator[Figure]:
    found: dict[str, list[Delivery]] = {}
    with _contest() as contest:
        for _ in range(_RUNS):
            random.shuffle(contest.servers)
            for one in contest.servers:
                found.setdefault(one.name, []).append(_drive(contest, one))
    for measured, name, unit in (
        ("p99", "p99", "ms, p99 of a delivery"),
        ("cpu_microseconds", "cpu", "microseconds of CPU a delivery"),
    ):
        medians = {
            name: statistics.median(getattr(one, measured) for one in runs)
            for name, runs in found.items() if name != _OURS
        }  # fmt: skip
        best = min(medians, key=lambda one: medians[one])
        yield Figure(
            f"{NAME}-{name}", NAME, _ISSUE, f"{unit}, {_CLIENTS:,} sockets, {_PER_SECOND} a second",
            [getattr(one, measured) for one in found[_OURS]], Target("ratio", ">=", 1),
            is_cost=True, baseline=Baseline(best, contest.programs.version, medians[best]),
        )  # fmt: skip
    yield Figure(
        f"{NAME}-lost", NAME, _ISSUE, "deliveries that did not come",
        [one.lost for one in found[_OURS]], Target("value", "<=", 0), is_cost=True,
    )  # fmt: skip


def _drive(contest: Contest, server: Server) -> Delivery:
    """What was told before is of no interest: its clients come as those who know it already."""
    command = [
        "taskset", "-c", go_peer.LOAD_CPU, str(contest.programs.sockets), str(server.port),
        str(_CLIENTS), str(_PER_SECOND), str(_SECONDS),
    ]  # fmt: skip
    with contest.engine.begin() as connection:
        newest = job_events.repository_after(connection, 1, None, limit=1)[0].event_id
    environment = {
        **os.environ, "HDR_LINE": server.header, "REDIS_PORT": str(contest.ports[server.name]),
        "WSPATH": f"/api/v1/stream/repository/1/updates?after={newest}",
    }  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as load:
        assert load.stdout is not None  # noqa: S101 - it is a pipe
        load.stdout.readline()  # everybody is connected
        before = go_peer.cpu_seconds(server.pid)
        told, complaint = load.communicate(timeout=120)
        spent = go_peer.cpu_seconds(server.pid) - before
    found = re.search(r"JSON (\{.*\})", told)
    if found is None:
        raise Failed(f"{server.name}: nothing was delivered: {complaint[-500:]}")
    figures = msgspec.json.decode(found[1])
    return Delivery(
        figures["p99"], spent / max(1, figures["delivered"]) * 1e6, max(0, figures["lost"])
    )


@contextmanager
def _contest() -> Iterator[Contest]:
    programs = go_peer.programs()
    with ExitStack() as stack:
        place = stack.enter_context(worker.place())
        database = place.database("sockets")
        engine = make_engine(database, process="bench")
        stack.callback(engine.dispose)
        migrate(engine)
        redis = stack.enter_context(go_peer.redis())
        servers = [stack.enter_context(serving_ours(place.directory, database))]
        ports = {_OURS: stack.enter_context(_publishing(engine))}
        for mode in ("direct", "pump"):
            one = stack.enter_context(
                go_peer.serving(
                    programs,
                    url=database,
                    redis=redis,
                    mode="get",
                    sockets=mode,
                    log=place.directory / f"go-{mode}.log",
                )
            )
            servers.append(one)
            ports[one.name] = int(redis.rpartition(":")[2])
        yield Contest(programs, engine, servers, ports)


@contextmanager
def _publishing(engine: Engine) -> Iterator[int]:
    """Where a PUBLISH becomes an event of a job of repository 1."""
    with engine.begin() as connection:
        repositories.add(
            connection, host="https://api.github.test", full_name="octo/app", github_id=1,
            at=clock.now(), clone_url="https://github.test/octo/app.git",
        )  # fmt: skip
        _Publisher.job, _ = jobs.enqueue(connection, 1, at=clock.now())
    _Publisher.engine = engine
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Publisher) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


class _Publisher(socketserver.BaseRequestHandler):
    engine: ClassVar[Engine]
    job: ClassVar[jobs.Job]

    def handle(self) -> None:
        held = b""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while more := self._more():
            held += more
            while found := re.search(rb'\{"t":(\d+),.*?"pad":"(x*)"\}\r\n', held):
                held = held[found.end() :]
                self._publish(int(found[1]), found[2].decode())
                self.request.sendall(b":1\r\n")

    def _more(self) -> bytes:
        try:
            return bytes(self.request.recv(65_536))
        except ConnectionResetError:  # the load leaves answers unread
            return b""

    def _publish(self, at: int, padding: str) -> None:
        with self.engine.begin() as connection:
            job_events.append(
                connection, self.job.job_id, at=clock.now(), state="running",
                budget={"t": at, "pad": padding},
            )  # fmt: skip
