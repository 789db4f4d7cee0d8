"""Live events of a repository over a WebSocket."""

import json
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from api import live, streams
from api.app import create_app
from gitinsight.settings import AuthSettings, Settings
from tests.conftest import ADMIN_KEY, serving_api, serving_app
from tests.support.outages import away, kill_sessions
from tests.support.people import client_of
from tests.support.rows import AT, add_repository, claim
from tests.support.waiting import wait_for
from warehouse import job_events, jobs, removal
from warehouse.engine import Engine
from warehouse.jobs import Job


@pytest.fixture
def job(warehouse: Engine) -> Job:
    """A running job of a repository, with one event."""
    return claim(warehouse, add_repository(warehouse))


@pytest.fixture
def listen(api: httpx2.Client) -> Callable[..., ClientConnection]:
    root = str(api.base_url).rstrip("/").replace("http", "ws")
    return lambda repository_id, after=0: connect(f"{root}{path(repository_id, after)}")


def path(repository_id: int, after: int = 0) -> str:
    return f"/api/v1/stream/repository/{repository_id}/updates?after={after}"


def tell(warehouse: Engine, job: Job, message: str) -> None:
    with warehouse.begin() as connection:
        job_events.append(connection, job.job_id, at=AT, state="running", message=message)


def hear(socket: ClientConnection) -> dict[str, Any]:
    heard: dict[str, Any] = json.loads(socket.recv(timeout=10))
    return heard


def test_what_was_comes_first_and_then_what_is(
    listen: Callable[..., ClientConnection], warehouse: Engine, job: Job
) -> None:
    tell(warehouse, job, "before")
    with listen(job.repository_id) as socket:
        backlog = [hear(socket) for _ in range(2)]
        tell(warehouse, job, "live")
        live = hear(socket)

    assert [one["state"] for one in backlog] == ["queued", "running"]
    assert (live["message"], live["seq"], live["at"]) == ("live", 3, "2026-06-01T12:00:00Z")
    assert live["job_id"] == str(job.job_id)


def test_whoever_comes_back_goes_on_where_he_was(
    listen: Callable[..., ClientConnection], warehouse: Engine, job: Job
) -> None:
    with listen(job.repository_id) as socket:
        first = hear(socket)
    tell(warehouse, job, "missed")

    with listen(job.repository_id, after=first["event_id"]) as socket:
        assert hear(socket)["message"] == "missed"


def test_events_of_the_next_job_come_over_the_same_connection(
    listen: Callable[..., ClientConnection], warehouse: Engine, job: Job
) -> None:
    with listen(job.repository_id) as socket:
        hear(socket)
        with warehouse.begin() as connection:
            jobs.finish(connection, job, state="succeeded", at=AT, outcome={})
            following, _ = jobs.enqueue(connection, job.repository_id, at=AT)
        heard = [hear(socket) for _ in range(2)]

    assert [(one["job_id"], one["state"]) for one in heard] == [
        (str(job.job_id), "succeeded"), (str(following.job_id), "queued"),
    ]  # fmt: skip


def test_those_of_another_repository_do_not(
    listen: Callable[..., ClientConnection], warehouse: Engine, job: Job
) -> None:
    other = claim(warehouse, add_repository(warehouse, "octo/site", github_id=2))
    with listen(job.repository_id) as socket:
        hear(socket)
        tell(warehouse, other, "not for you")
        tell(warehouse, job, "for you")

        assert hear(socket)["message"] == "for you"


def test_everybody_who_listens_hears_everything_in_order(
    listen: Callable[..., ClientConnection], warehouse: Engine, job: Job
) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(listen(job.repository_id)) for _ in range(60)]
        for number in range(5):
            tell(warehouse, job, str(number))

        for socket in sockets:
            assert [hear(socket)["seq"] for _ in range(6)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("frame", ["hello", b"\x00\xff", '{"after": 9}', ""])
def test_what_a_client_says_is_of_no_interest(
    listen: Callable[..., ClientConnection], warehouse: Engine, job: Job, frame: str | bytes
) -> None:
    with listen(job.repository_id) as socket:
        socket.send(frame)
        hear(socket)
        tell(warehouse, job, "live")

        assert hear(socket)["message"] == "live"


def test_a_page_of_somebody_else_may_not_listen(api: httpx2.Client, job: Job) -> None:
    address = f"{str(api.base_url).rstrip('/').replace('http', 'ws')}{path(job.repository_id)}"

    with pytest.raises(InvalidStatus) as refused:
        connect(address, origin=Origin("https://evil.example"))

    assert refused.value.response.status_code == 403
    with connect(address, origin=Origin(str(api.base_url).rstrip("/"))) as socket:
        assert hear(socket)["job_id"] == str(job.job_id)


def test_a_repository_that_is_not_there_has_no_stream(
    listen: Callable[..., ClientConnection],
) -> None:
    with pytest.raises(InvalidStatus) as caught, listen(7):
        pass

    response = caught.value.response
    assert response.status_code == 404
    assert json.loads(response.body or b"")["type"] == "urn:gitinsight:problem:not-found"


def test_an_outage_of_the_warehouse_interrupts_nobody(
    listen: Callable[..., ClientConnection], warehouse: Engine, database_url: str, job: Job,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(live, "_HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(live, "_AGAIN_SECONDS", 0.05)
    with listen(job.repository_id) as socket:
        hear(socket)
        with away(database_url), pytest.raises(TimeoutError):
            socket.recv(timeout=0.3)
        tell(warehouse, job, "back")

        assert hear(socket)["message"] == "back"


def test_a_connection_to_the_server_that_breaks_is_made_again(
    listen: Callable[..., ClientConnection], warehouse: Engine, database_url: str, job: Job,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The heartbeat is too slow to be what tells it."""
    monkeypatch.setattr(streams, "_RECONNECT_SECONDS", 0.05)
    with listen(job.repository_id) as socket:
        hear(socket)
        kill_sessions(database_url)
        tell(warehouse, job, "heard all the same")

        assert hear(socket)["message"] == "heard all the same"


def test_who_lost_his_right_while_nothing_was_heard_is_sent_away_as_soon_as_it_is(
    settings: Settings, warehouse: Engine, database_url: str, job: Job
) -> None:
    required = settings.model_copy(update={"auth": AuthSettings(mode="required")})
    with serving_api(required) as url, client_of(url, ADMIN_KEY) as admin:
        made = admin.post("/api/v1/api-keys", json={"name": "k"}).json()
        address = f"{url.replace('http', 'ws')}{path(job.repository_id)}"
        key = {"authorization": f"Bearer {made['key']}"}
        with connect(address, additional_headers=key) as socket:
            hear(socket)
            with warehouse.begin() as connection:
                connection.exec_driver_sql("alter table auth.api_keys disable trigger announce")
            admin.delete(f"/api/v1/api-keys/{made['key_id']}").raise_for_status()
            kill_sessions(database_url)

            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=10)
    assert socket.close_code == 1008


def test_while_the_warehouse_is_away_nobody_is_let_in(
    listen: Callable[..., ClientConnection], database_url: str, job: Job
) -> None:
    with away(database_url), pytest.raises(InvalidStatus) as caught, listen(job.repository_id):
        pass

    assert caught.value.response.status_code == 503


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """The application where the test can look into it."""
    return create_app(settings, warehouse_url=settings.warehouse_url, admin_key=None)


def test_a_client_that_goes_leaves_nothing_behind(app: FastAPI, job: Job) -> None:
    with serving_app(app) as url:
        with connect(f"{url.replace('http', 'ws')}{path(job.repository_id)}") as socket:
            hear(socket)
            assert set(app.state.channels) == {f"repository {job.repository_id}"}

        wait_for(lambda: not set(app.state.channels))


def test_a_server_that_stops_says_that_it_will_be_back(app: FastAPI, job: Job) -> None:
    with serving_app(app) as url:
        socket = connect(f"{url.replace('http', 'ws')}{path(job.repository_id)}")
        hear(socket)

    with pytest.raises(ConnectionClosed), socket:
        socket.recv(timeout=10)
    assert socket.close_code == 1012
    assert "come back" in (socket.close_reason or "")


def test_nothing_is_missed_and_nothing_told_twice_while_servers_come_and_go(
    settings: Settings, warehouse: Engine, job: Job
) -> None:
    """Each goes while events are written, and while its clients are told them."""
    is_over = threading.Event()

    def write() -> None:
        number = 0
        while not is_over.is_set():
            tell(warehouse, job, str(number := number + 1))

    writing = threading.Thread(target=write)
    writing.start()
    heard: list[dict[str, Any]] = []
    try:
        for _ in range(3):
            one = create_app(settings, warehouse_url=settings.warehouse_url, admin_key=None)
            with serving_app(one) as url:
                after = heard[-1]["event_id"] if heard else 0
                socket = connect(f"{url.replace('http', 'ws')}{path(job.repository_id, after)}")
                heard += [hear(socket) for _ in range(30)]
            with suppress(ConnectionClosed):
                while True:
                    heard.append(hear(socket))
    finally:
        is_over.set()
        writing.join()

    assert [one["seq"] for one in heard] == list(range(1, len(heard) + 1))
    assert len(heard) > 90


def test_whoever_listens_to_what_is_removed_is_sent_away_and_finds_nothing(
    listen: Callable[..., ClientConnection], warehouse: Engine, job: Job
) -> None:
    with listen(job.repository_id) as socket:
        hear(socket)
        removal.begin(warehouse, job.repository_id, by="admin", at=AT)

        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=1)
    with pytest.raises(InvalidStatus) as refused:
        listen(job.repository_id)
    assert refused.value.response.status_code == 404
