"""The lane on one connection: order, pieces, bodies, and how long the connection lasts."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import ClassVar

import httpx2
import pytest

from api.fast.lane import FastLane
from gitinsight.settings import Settings
from tests.conftest import serving_api
from tests.support.marts import publish_figures
from tests.support.raw_http import Answer, ask, receive
from tests.support.rows import add_repository, claim
from tests.support.waiting import wait_for
from warehouse.engine import Engine

GET = b"GET /api/v1/fast/repositories/%d/summary HTTP/1.1\r\nHost: localhost\r\n%b\r\n"
SLOW = b"GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def address(api: httpx2.Client, warehouse: Engine) -> tuple[str, int]:
    """An API with two repositories whose summaries are ready."""
    for number in (1, 2):
        added = add_repository(warehouse, f"octo/{number}", github_id=number)
        publish_figures(warehouse, claim(warehouse, added), issues_count=number)
    found = (str(api.base_url.host), api.base_url.port or 0)
    for number in (1, 2):
        wait_for(lambda: is_of_the_lane(ask(found, [GET % (number, b"")])))  # noqa: B023
    return found


def is_of_the_lane(answers: list[Answer]) -> bool:
    """Its ids count up; those of the ordinary path are random and longer."""
    (one,) = answers
    return one.status == 200 and len(one.headers["x-request-id"]) == 20


def test_a_request_in_two_pieces_is_answered_wherever_it_is_cut(address: tuple[str, int]) -> None:
    whole = GET % (1, b"X-A: 1\r\n")
    for cut in range(1, len(whole)):
        (one,) = ask(address, [whole[:cut], whole[cut:]])
        assert (one.status, one.json["data"]["issues_count"]) == (200, 1), cut


def test_answers_come_in_the_order_of_the_requests(address: tuple[str, int]) -> None:
    one, two = GET % (1, b""), GET % (2, b"")
    for parts in ([one + two + one], [one, two, one], [SLOW, one, two], [SLOW + one, two],
                  [one, SLOW, two], [one + SLOW, two[:9], two[9:]]):  # fmt: skip
        expected = [
            {one: 1, two: 2, SLOW: None}[piece]
            for piece in b"".join(parts).replace(b"\r\n\r\n", b"\r\n\r\n\0").split(b"\0")[:-1]
            for piece in [piece]
        ]
        answers = ask(address, parts, answers=3)
        told = [one.json["data"] for one in answers]
        assert [data["issues_count"] if isinstance(data, dict) else None for data in told] == (
            expected
        )


@pytest.mark.parametrize(
    "head", [b"Content-Length: %d\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n%x\r\n"]
)
def test_what_looks_like_a_request_inside_of_a_body_is_none(
    address: tuple[str, int], head: bytes
) -> None:
    inner = GET % (1, b"")
    post = b"POST /api/v1/repositories HTTP/1.1\r\nHost: localhost\r\n" + head % len(inner)
    end = b"\r\n0\r\n\r\n" if b"chunked" in head else b""

    answers = ask(address, [post, inner, end, GET % (2, b"")], answers=2)

    assert [one.status for one in answers] == [401, 200]
    assert answers[1].json["data"]["issues_count"] == 2


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(address: tuple[str, int]) -> None:
    with closing(socket.create_connection(address, timeout=20)) as connection:
        deadline = time.monotonic() + 6.5
        while time.monotonic() < deadline:
            connection.sendall(GET % (1, b""))
            receive(connection, 1)
            time.sleep(0.5)
        idle_since = time.monotonic()
        assert connection.recv(1) == b""

    assert 4 < time.monotonic() - idle_since < 8


@pytest.fixture
def slow_reader(address: tuple[str, int]) -> Iterator[socket.socket]:
    with closing(socket.create_connection(address, timeout=20)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        yield connection


def test_who_reads_slowly_gets_everything_in_the_end(slow_reader: socket.socket) -> None:
    wanted = 3_000
    for _ in range(wanted):
        slow_reader.sendall(GET % (1, b""))
    slow_reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)

    answers = receive(slow_reader, wanted)

    assert {one.status for one in answers} == {200}


class Watched(FastLane):
    """One that is slow with jobs."""

    all: ClassVar[list["Watched"]] = []
    is_busy: ClassVar[bool] = False
    leaves = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        Watched.all.append(self)

    def on_headers_complete(self) -> None:
        if self.url == b"/api/v1/jobs":
            Watched.is_busy = True
            time.sleep(0.3)
            Watched.is_busy = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.leaves:
            self.transport.abort()


@pytest.fixture
def watched(settings: Settings, address: tuple[str, int]) -> Iterator[tuple[str, int]]:
    """Another one over the same warehouse, whose connections are told here."""
    with serving_api(settings, http=Watched) as url:
        host, port = httpx2.URL(url).host, httpx2.URL(url).port or 0
        for number in (1, 2):
            wait_for(lambda: is_of_the_lane(ask((host, port), [GET % (number, b"")])))  # noqa: B023
        yield host, port
    assert address


@pytest.fixture
def many(watched: tuple[str, int]) -> Iterator[list[socket.socket]]:
    before = len(Watched.all)
    with ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection(watched, timeout=20)) for _ in range(40)
        ]
        wait_for(lambda: len(Watched.all) == before + len(opened))
        yield opened


def ask_together(asking: dict[socket.socket, bytes]) -> None:
    """So that the server finds all of them when it looks the next time."""
    Watched.all[-1].loop.call_soon_threadsafe(time.sleep, 0.3)
    time.sleep(0.1)
    for connection, request in asking.items():
        connection.sendall(request)


def test_who_asks_together_with_others_is_answered_what_he_has_asked(
    many: list[socket.socket],
) -> None:
    wanted = [1 + number % 2 for number in range(len(many))]
    ask_together({
        one: GET % (number, b"") for one, number in zip(many, wanted, strict=True)
    })  # fmt: skip
    told = [receive(one, 1) for one in many]

    assert all(map(is_of_the_lane, told))
    assert [one.json["data"]["issues_count"] for (one,) in told] == wanted
    assert len({one.headers["x-request-id"] for (one,) in told}) == len(many)


def test_what_takes_longer_keeps_nobody_waiting_whose_answer_is_ready(
    many: list[socket.socket],
) -> None:
    *others, last = many
    ask_together(dict.fromkeys(others, GET % (1, b"")) | {last: SLOW})
    told = [receive(one, 1) for one in others]

    assert all(map(is_of_the_lane, told))
    assert Watched.is_busy
    assert [one.status for one in receive(last, 1)] == [200]


def test_who_goes_away_takes_no_answer_of_others_with_him(many: list[socket.socket]) -> None:
    leaving = Watched.all[-len(many) :][::2]
    for one in leaving:
        one.leaves = True
    staying = [one for one in many if one.getsockname() not in {o.client for o in leaving}]
    ask_together(dict.fromkeys(many, GET % (1, b"")))
    told = [receive(one, 1) for one in staying]

    assert len(staying) == len(many) // 2
    assert all(map(is_of_the_lane, told))


def test_who_does_not_read_is_not_answered_without_end(watched: tuple[str, int]) -> None:
    request = GET % (1, b"")
    with closing(socket.socket()) as client:
        before = len(Watched.all)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(watched)
        wait_for(lambda: len(Watched.all) > before)
        lane = Watched.all[-1]

        def send(seconds: float) -> int:
            client.sendall(request)
            time.sleep(seconds)  # each comes by itself
            return int(lane.transport.get_write_buffer_size())

        deadline = time.monotonic() + 30
        while not lane.flow.write_paused:
            send(0.0002)
            assert time.monotonic() < deadline
        waiting = send(0.01)
        for _ in range(100):
            send(0.002)

        assert send(0.01) == waiting
