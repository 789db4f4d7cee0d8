"""Live events: one LISTEN connection per process, fanned out to everybody who waits."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from anyio import CancelScope, create_task_group
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool

from api.auth import Reader, Right, StreamRight
from api.envelope import plain
from api.session import engine_of
from gitinsight.errors import NotFound, Unauthorised
from warehouse import announcements, jobs, repositories, visibility
from warehouse.announcements import (
    AccessChanged,
    Alive,
    Announced,
    Began,
    FiguresChanged,
    JobEvent,
)
from warehouse.engine import UNREACHABLE, Engine
from warehouse.jobs import Event

T = TypeVar("T")
router = APIRouter(tags=["streams"])
_LOG = logging.getLogger(__name__)
_HEARTBEAT_SECONDS = 10.0
_RECONNECT_SECONDS = 1.0
_POLICY_VIOLATION = 1008


class Subscription:
    """Says that there may be something new; what it is, is read from the table."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def tell(self) -> None:
        self._news.set()

    async def wait(self) -> bool:
        """False where nothing was announced for a while."""
        try:
            await asyncio.wait_for(self._news.wait(), _HEARTBEAT_SECONDS)
        except TimeoutError:
            return False
        self._news.clear()
        return True


class Cached(Protocol):
    """Whatever keeps figures, and may do so only while it hears that they have changed."""

    def trust(self, since: float) -> None: ...

    def forget(self, repository_id: int, version: str | None) -> None: ...

    def forget_all(self) -> None: ...


class Remembered(Protocol):
    """Whatever remembers who may do what, and may do so only while it hears of changes."""

    def trust(self, since: float) -> None: ...

    def forget_all(self) -> None: ...


class Announcer:
    def __init__(self, url: str, *cached: Cached, remembered: Remembered | None = None) -> None:
        self._url = url
        self._remembered = (remembered,) if remembered else ()
        self._cached = cached
        self.waiting: dict[str, set[Subscription]] = {}
        self.is_closed = False

    async def run(self) -> None:
        """Listen, and listen again when the connection breaks."""
        while True:
            try:
                async for announced in announcements.listen(self._url):
                    self._tell(announced)
            except UNREACHABLE as error:
                _LOG.warning("the connection for announcements broke: %s", error)
            for held in (*self._cached, *self._remembered):
                held.forget_all()
            await asyncio.sleep(_RECONNECT_SECONDS)

    @contextmanager
    def subscription(self, topic: str) -> Iterator[Subscription]:
        """Subscribe before the first read, else what happens in between is missed."""
        one = Subscription()
        self.waiting.setdefault(topic, set()).add(one)
        try:
            yield one
        finally:
            held = self.waiting[topic]
            held.discard(one)
            if not held:
                del self.waiting[topic]

    def close(self) -> None:
        self.is_closed = True
        self._wake(list(self.waiting))

    def _tell(self, announced: Announced) -> None:
        """After a reconnection there may be something new for everybody."""
        match announced:
            case Alive(since):
                for held in (*self._cached, *self._remembered):
                    held.trust(since)
            case AccessChanged():
                for known in self._remembered:
                    known.forget_all()
            case FiguresChanged(repository_id, version):
                for one in self._cached:
                    one.forget(repository_id, version)
            case JobEvent(job_id, repository_id):
                self._wake([job_id, f"repository {repository_id}"])
            case Began():
                self._wake(list(self.waiting))

    def _wake(self, topics: list[str]) -> None:
        for topic in topics:
            for one in self.waiting.get(topic, ()):
                one.tell()


async def read(reading: Callable[[], T]) -> T | None:
    """What is new, or None where the warehouse is away: when it is back, everybody is told."""
    try:
        return await run_in_threadpool(reading)
    except UNREACHABLE:
        return None


@router.websocket("/stream/repository/{repository_id}/updates")
async def updates(
    socket: WebSocket, repository_id: int, reader: Reader, right: Right,
    after: int = Query(default=0, ge=0),
) -> None:  # fmt: skip
    """Every event of a repository's jobs with an ``event_id`` greater than ``after``."""

    def find() -> None:
        with engine_of(socket).begin() as connection:
            repositories.by_id(connection, repository_id, readable=reader.readable)

    _refuse_strangers(socket)
    await run_in_threadpool(find)
    await socket.accept()
    async with create_task_group() as tasks:
        tasks.start_soon(_until_closed, socket, tasks.cancel_scope)
        with suppress(WebSocketDisconnect):
            await _send(socket, repository_id, right, after)
        tasks.cancel_scope.cancel()


def _refuse_strangers(socket: WebSocket) -> None:
    """A browser lets every page open a socket to here, and says which page it is."""
    origin = socket.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != socket.headers.get("host"):
        raise Unauthorised(f"a page of {origin} may not listen here", known=True)


async def _until_closed(socket: WebSocket, scope: CancelScope) -> None:
    """What a client says is of no interest, whatever kind of frame it comes in."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
    scope.cancel()


async def _send(socket: WebSocket, repository_id: int, right: StreamRight, after: int) -> None:
    announcer: Announcer = socket.app.state.announcer
    engine: Engine = engine_of(socket)

    def news() -> list[Event]:
        with engine.begin() as connection:
            visibility.check(connection, repository_id, right.readable())
            return jobs.repository_events_after(connection, repository_id, after)

    with announcer.subscription(f"repository {repository_id}") as subscription:
        while not announcer.is_closed:
            try:
                found = await read(news) or []
            except (NotFound, Unauthorised):
                await socket.close(code=_POLICY_VIOLATION)
                return
            for event in found:
                await socket.send_json(plain(event))
                after = event.event_id
            if not found:
                await subscription.wait()
    await socket.close(code=1012)
