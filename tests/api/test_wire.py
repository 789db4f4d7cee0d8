"""Sockets as they are on the wire: who reads slowly, who talks too much, who goes away."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from api import wire
from tests.support.rows import AT, add_repository, claim
from tests.support.waiting import wait_for
from warehouse import job_events
from warehouse.engine import Engine
from warehouse.jobs import Job

_LONG = "x" * 20_000


@pytest.fixture
def job(warehouse: Engine) -> Job:
    return claim(warehouse, add_repository(warehouse))


@pytest.fixture
def address(api: httpx2.Client, job: Job) -> str:
    root = str(api.base_url).rstrip("/").replace("http", "ws")
    return f"{root}/api/v1/stream/repository/{job.repository_id}/updates"


@pytest.fixture
def slow(address: str) -> Iterator[ClientConnection]:
    """A client that takes little and then reads nothing."""
    host, _, port = address.split("/")[2].partition(":")
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.connect((host, int(port)))
    with connect(
        address, sock=narrow, max_queue=1, compression=None, close_timeout=1
    ) as client:  # fmt: skip
        yield client


def tell(warehouse: Engine, job: Job, times: int) -> None:
    for _ in range(times):
        with warehouse.begin() as connection:
            job_events.append(connection, job.job_id, at=AT, state="running", message=_LONG)


def drain(client: ClientConnection) -> None:
    """Read until it is closed."""
    with suppress(ConnectionClosed):
        while True:
            client.recv(timeout=5)


def metric(api: httpx2.Client, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(api.get("/metrics").text)
    return next(
        sample.value for family in families for sample in family.samples
        if sample.name == name and sample.labels == labels
    )  # fmt: skip


def test_who_reads_too_slowly_is_dropped_with_a_reason_and_slows_nobody(
    api: httpx2.Client, address: str, slow: ClientConnection, warehouse: Engine, job: Job
) -> None:
    dropped = {"name": "gitinsight_sockets_dropped_total", "reason": "slow"}
    with connect(address) as quick:
        for _ in range(60):
            tell(warehouse, job, 1)
            quick.recv(timeout=5)
        wait_for(lambda: metric(api, **dropped) == 1)  # type: ignore[arg-type]

        drain(slow)
        assert (slow.close_code, (slow.close_reason or "")[:8]) == (1013, "too slow")
        tell(warehouse, job, 1)
        while '"seq":62' not in quick.recv(timeout=5):  # type: ignore[operator]
            pass


def test_what_was_before_waits_for_who_reads_slowly(
    slow: ClientConnection, address: str, warehouse: Engine, job: Job
) -> None:
    """Nobody is dropped for the length of what he has missed."""
    tell(warehouse, job, 60)
    with connect(address, max_queue=1) as late:
        heard = [late.recv(timeout=5) for _ in range(61)]

    assert len(heard) == 61


def test_who_does_not_read_what_was_before_is_dropped(
    api: httpx2.Client, address: str, warehouse: Engine, job: Job,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(wire, "_PATIENCE_SECONDS", 0.3)
    tell(warehouse, job, 60)
    host, _, port = address.split("/")[2].partition(":")
    with socket.create_connection((host, int(port))) as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        silent.sendall(
            f"GET {address.split(port, 1)[1]} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        wait_for(lambda: metric(api, "gitinsight_sockets") == 1)
        wait_for(lambda: metric(api, "gitinsight_sockets") == 0)


@pytest.mark.parametrize("said", ["a word", b"\0" * 100, ""])
def test_who_talks_without_end_is_dropped(
    address: str, api: httpx2.Client, said: str | bytes
) -> None:
    with connect(address) as client:
        with suppress(ConnectionClosed):
            for _ in range(2_000):
                client.send(said)
        drain(client)

    assert client.close_code == 1008
    assert metric(api, "gitinsight_sockets_dropped_total", reason="flooding") == 1


def test_who_pings_without_end_is_dropped(address: str) -> None:
    with connect(address) as client:
        with suppress(ConnectionClosed):
            for _ in range(2_000):
                client.ping()
        drain(client)

    assert client.close_code == 1008


def test_a_message_is_not_compressed_for_anybody(address: str) -> None:
    with connect(address) as client:
        assert "Sec-WebSocket-Extensions" not in client.response.headers  # type: ignore[union-attr]


def test_many_listen_at_once(address: str, warehouse: Engine, job: Job) -> None:
    with ThreadPoolExecutor(20) as pool:
        clients = list(pool.map(lambda _: connect(address), range(200)))
    try:
        tell(warehouse, job, 1)
        for client in clients:
            while '"seq":2' not in client.recv(timeout=10):  # type: ignore[operator]
                pass
    finally:
        for client in clients:
            client.close()
