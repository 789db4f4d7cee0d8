"""Live events: one LISTEN connection per process, fanned out to everybody who waits."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, WebSocket
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from api.auth import Listener, Place, Right, StreamRight
from api.envelope import as_json
from api.live import MOST_AT_ONCE, Channels, Found, Told
from api.session import in_transaction
from api.wire import Wire, framed
from gitinsight.errors import NotFound, Unauthorised
from gitinsight.settings import ApiSettings
from warehouse import announcements, job_events, repositories, visibility
from warehouse.announcements import (
    AccessChanged,
    Alive,
    Announced,
    Began,
    FiguresChanged,
    JobEvent,
)
from warehouse.engine import UNREACHABLE, Connection

router = APIRouter(tags=["streams"])
_LOG = logging.getLogger(__name__)
_RECONNECT_SECONDS = 1.0
_POLICY_VIOLATION = 1008
LAST = 2**63 - 1
"""PostgreSQL counts no further."""


class Cached(Protocol):
    """Whatever keeps figures, and may do so only while it hears that they have changed."""

    def trust(self, since: float) -> None: ...

    def forget(self, repository_id: int, version: str | None) -> None: ...

    def forget_all(self) -> None: ...


class Remembered(Protocol):
    """Whatever remembers who may do what, and may do so only while it hears of changes."""

    def trust(self, since: float) -> None: ...

    def forget_all(self) -> None: ...


class Watching(Protocol):
    """Whoever says whether the warehouse answers."""

    def beat(self, since: float, *, has_tables: bool) -> None: ...

    def stopped(self) -> None: ...


class Announcer:
    """``make_room`` is told how many connections the server takes, each time that it is reached."""

    def __init__(
        self, url: str, *cached: Cached, channels: Channels, make_room: Callable[[int], None],
        watching: Watching, remembered: Remembered | None = None,
    ) -> None:  # fmt: skip
        self._url = url
        self._watching = watching
        self._remembered = (remembered,) if remembered else ()
        self._cached = cached
        self._channels = channels
        self._make_room = make_room

    async def run(self) -> None:
        """Listen, and listen again when the connection breaks."""
        while True:
            try:
                async for announced in announcements.listen(self._url):
                    self._tell(announced)
            except UNREACHABLE as error:
                _LOG.warning("the connection for announcements broke: %s", error)
            self._watching.stopped()
            for held in (*self._cached, *self._remembered):
                held.forget_all()
            await asyncio.sleep(_RECONNECT_SECONDS)

    def _tell(self, announced: Announced) -> None:
        """After a reconnection there may be something new for everybody."""
        match announced:
            case Alive(since, has_tables):
                self._watching.beat(since, has_tables=has_tables)
                for held in (*self._cached, *self._remembered):
                    held.trust(since)
            case AccessChanged():
                for known in self._remembered:
                    known.forget_all()
                self._channels.rights_changed()
            case FiguresChanged(repository_id, version):
                for one in self._cached:
                    one.forget(repository_id, version)
                if version is None:  # it may have been removed
                    self._channels.wake([topic_of(repository_id)])
            case JobEvent(job_id, repository_id):
                self._channels.wake([job_id, topic_of(repository_id)])
            case Began(room):
                self._make_room(room)
                self._channels.rights_changed()
                self._channels.wake(list(self._channels))


def topic_of(repository_id: int) -> str:
    return f"repository {repository_id}"


@router.websocket("/stream/repository/{repository_id}/updates")
async def updates(
    socket: WebSocket, repository_id: int, listener: Listener, right: Right, _: Place,
    after: int = Query(default=0, ge=0, le=LAST),
) -> None:  # fmt: skip
    """Every event of a repository's jobs with an ``event_id`` greater than ``after``."""
    _refuse_strangers(socket)
    await in_transaction(
        socket,
        lambda session: repositories.by_id(session, repository_id, readable=listener.readable),
    )
    await socket.accept()
    channels: Channels = socket.app.state.channels
    client = _Client(socket.state.wire, after)
    with (
        ending_with(right, socket, repository_id, client.refuse),
        channels.channel(topic_of(repository_id), partial(_find, socket, repository_id)) as channel,
    ):
        while not channel.enter(client):
            client.tell(await channel.missed(client))
            if not await client.wire.drained():
                return
        try:
            await _until_closed(socket)
        finally:
            channel.leave(client)


class _Client:
    def __init__(self, wire: Wire, after: int) -> None:
        self.wire = wire
        self.after = after
        self.tell = wire.tell
        self.end = wire.end

    def refuse(self) -> None:
        self.wire.give_up(_POLICY_VIOLATION, "this may not be read any more")


async def _find(socket: WebSocket, repository_id: int, after: int | None) -> Found:
    def find(session: Connection) -> Found:
        events = job_events.repository_after(session, repository_id, after, limit=MOST_AT_ONCE)
        told = [Told(event.event_id, framed(as_json(event))) for event in events]
        is_removed = not (told or visibility.among(session, [repository_id], None))
        return Found(told, is_over=is_removed, is_full=len(told) == MOST_AT_ONCE)

    return await in_transaction(socket, find)


@contextmanager
def ending_with(
    right: StreamRight, connection: HTTPConnection, repository_id: int, end: Callable[[], None]
) -> Iterator[None]:
    """``end`` is called once the right to read the repository is lost: at once where that was
    announced, after half a minute at most.
    """
    if right.is_everybodys:
        yield
        return
    watching = asyncio.create_task(_watch(right, connection, repository_id, end), name="right")
    try:
        yield
    finally:
        watching.cancel()


async def _watch(
    right: StreamRight, connection: HTTPConnection, repository_id: int, end: Callable[[], None]
) -> None:
    channels: Channels = connection.app.state.channels
    while True:
        await channels.rights_may_have_changed()
        try:
            readable = await run_in_threadpool(right.readable)
            check = partial(
                visibility.check, repository_id=repository_id, readable=readable
            )  # fmt: skip
            await in_transaction(connection, check)
        except (NotFound, Unauthorised):
            end()
            return
        except UNREACHABLE:
            continue  # nothing new can be told either


def _refuse_strangers(socket: WebSocket) -> None:
    """A browser lets every page open a socket to here, and says which page it is."""
    origin = socket.headers.get("origin")
    api: ApiSettings = socket.app.state.settings.api
    if origin is None or origin in api.cors_origins:
        return
    if urlsplit(origin).netloc != socket.headers.get("host"):
        raise Unauthorised(f"a page of {origin} may not listen here", known=True)


async def _until_closed(socket: WebSocket) -> None:
    """What a client says is of no interest, whatever kind of frame it comes in."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
