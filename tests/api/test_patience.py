"""Connections on which no whole request comes."""

import socket
import time
from collections.abc import Iterator

import pytest

from api import patience
from api.app import create_app
from gitinsight.settings import Settings
from tests.conftest import serving_api, serving_app
from tests.support.raw_http import receive
from tests.support.rows import AT, add_repository, claim
from tests.support.waiting import wait_for
from warehouse import job_events
from warehouse.engine import Engine

SLOW = 0.4
TICK = 0.001
"""The loop counts whole milliseconds: a timer of it may be so early."""
ASKED = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def address(library: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    settings = Settings.model_validate({
        "state_dir": tmp_path_factory.mktemp("patience"),
        "warehouse": {"url": library.url.render_as_string(hide_password=False)},
        "api": {"body_seconds": SLOW},
    })  # fmt: skip
    with serving_api(settings) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)


@pytest.fixture
def connection(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=5) as made:
        yield made


def test_a_head_that_does_not_end_is_not_waited_for(connection: socket.socket) -> None:
    started = time.monotonic()
    connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-A: ")

    (answer,) = receive(connection, 1)

    assert (answer.status, connection.recv(1)) == (408, b"")
    assert SLOW - TICK <= time.monotonic() - started < SLOW + 2


def test_one_that_comes_a_byte_at_a_time_has_no_longer(connection: socket.socket) -> None:
    started = time.monotonic()
    connection.settimeout(SLOW / 8)
    connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-A: ")
    while time.monotonic() - started < SLOW + 2:
        connection.sendall(b"x")
        try:
            (answer,) = receive(connection, 1)
            break
        except TimeoutError:
            continue

    assert answer.status == 408


def test_one_that_grows_without_an_end_is_not_kept(connection: socket.socket) -> None:
    """What is sent after the answer would break the connection before it is read."""
    connection.sendall(b"GET /health/live HTTP/1.1\r\nX-A: ")
    time.sleep(SLOW / 4)
    connection.sendall(b"x" * 65_537)

    assert receive(connection, 1)[0].status == 431


def test_a_second_one_on_the_connection_has_the_same_time(connection: socket.socket) -> None:
    connection.sendall(ASKED)
    (first,) = receive(connection, 1)
    connection.sendall(ASKED[:20])

    (second,) = receive(connection, 1)

    assert (first.status, second.status) == (200, 408)


def test_whoever_asks_nothing_is_not_kept(connection: socket.socket) -> None:
    """The connection is a little older than the test."""
    started = time.monotonic()

    assert connection.recv(1) == b""
    assert SLOW / 2 <= time.monotonic() - started < SLOW + 2


def test_whoever_has_asked_may_ask_again_later(connection: socket.socket) -> None:
    for _ in range(3):
        connection.sendall(ASKED)
        assert receive(connection, 1)[0].status == 200
        time.sleep(SLOW)


def test_many_at_once_are_as_good_as_one_after_the_other(connection: socket.socket) -> None:
    """The last of each piece may end in the next, far behind the first."""
    connection.sendall(ASKED * 3_000)

    assert {one.status for one in receive(connection, 3_000)} == {200}


def test_who_reads_nothing_is_not_waited_for(
    settings: Settings, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_UNREAD_SECONDS", 1.0)
    job = claim(warehouse, add_repository(warehouse))
    with warehouse.begin() as connection:
        for _ in range(600):  # more than the kernel holds
            job_events.append(connection, job.job_id, at=AT, state="running", message="x" * 50_000)
    app = create_app(settings, warehouse_url=settings.warehouse_url, admin_key=None)
    with serving_app(app) as url, socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        host, _, port = url.removeprefix("http://").partition(":")
        silent.connect((host, int(port)))
        path = f"/api/v1/jobs/{job.job_id}/events"
        silent.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        wait_for(lambda: set(app.state.channels))

        wait_for(lambda: not set(app.state.channels))
