"""Live events: one LISTEN connection per process, fanned out to everybody who waits."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool

from api.auth import Reader
from api.envelope import plain
from api.session import engine_of
from warehouse import announcements, jobs
from warehouse.engine import UNREACHABLE, Engine
from warehouse.jobs import Event

router = APIRouter(tags=["streams"])
_LOG = logging.getLogger(__name__)
_HEARTBEAT_SECONDS = 10.0
_RECONNECT_SECONDS = 1.0


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


class Announcer:
    def __init__(self, url: str) -> None:
        self._url = url
        self._subscriptions: dict[str, set[Subscription]] = {}
        self.is_closed = False

    async def run(self) -> None:
        """Listen, and listen again when the connection breaks."""
        while True:
            try:
                async for announced in announcements.listen(self._url):
                    self._tell(announced)
            except UNREACHABLE as error:
                _LOG.warning("the connection for announcements broke: %s", error)
            await asyncio.sleep(_RECONNECT_SECONDS)

    @contextmanager
    def subscription(self, topic: str) -> Iterator[Subscription]:
        """Subscribe before the first read, else what happens in between is missed."""
        one = Subscription()
        self._subscriptions.setdefault(topic, set()).add(one)
        try:
            yield one
        finally:
            held = self._subscriptions[topic]
            held.discard(one)
            if not held:
                del self._subscriptions[topic]

    def close(self) -> None:
        self.is_closed = True
        self._tell({})

    def _tell(self, announced: dict[str, object]) -> None:
        """An empty announcement, as after a reconnection, is for everybody."""
        topics = (
            [str(announced["job_id"]), f"repository {announced['repository_id']}"]
            if announced
            else list(self._subscriptions)
        )
        for topic in topics:
            for one in self._subscriptions.get(topic, ()):
                one.tell()


@router.websocket("/stream/repository/{repository_id}/updates")
async def updates(
    socket: WebSocket, repository_id: int, _: Reader, after: int = Query(default=0, ge=0)
) -> None:
    """Every event of a repository's jobs with an ``event_id`` greater than ``after``."""
    await socket.accept()
    sending = asyncio.create_task(_send(socket, repository_id, after))
    with suppress(WebSocketDisconnect):
        while not sending.done():
            receiving = asyncio.create_task(socket.receive_text())
            await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if receiving.done():
                receiving.result()
            else:
                receiving.cancel()
    sending.cancel()
    with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
        await sending


async def _send(socket: WebSocket, repository_id: int, after: int) -> None:
    announcer: Announcer = socket.app.state.announcer
    engine: Engine = engine_of(socket)

    def read(position: int) -> list[Event]:
        with engine.begin() as connection:
            return jobs.repository_events_after(connection, repository_id, position)

    with announcer.subscription(f"repository {repository_id}") as subscription:
        while not announcer.is_closed:
            found = await run_in_threadpool(read, after)
            for event in found:
                await socket.send_json(plain(event))
                after = event.event_id
            if not found:
                await subscription.wait()
    await socket.close(code=1012)
