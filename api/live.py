"""What many are told at once: read once, made into bytes once, and written to everybody.

A channel is one thing that is listened to, in one process. It keeps the newest of what it has told,
so that those who come back after a restart need no statement each.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from warehouse.engine import UNREACHABLE

MOST_HELD_BYTES = 256 * 2**10
"""What waits for a listener that reads slowly; whoever lets it grow further is dropped."""
MOST_AT_ONCE = 200
"""Events that are read by one statement, and written by one call."""
_KEPT_BYTES = 64 * 2**10
_HEARTBEAT_SECONDS = 10.0
"""So long nothing is looked for that was not announced."""
_AGAIN_SECONDS = 1.0
_RIGHTS_SECONDS = 30.0
"""So long a right is believed in without a look; that one was lost is announced."""
_TOO_SLOW = b": too slow; come back for what follows the last that was read\n\n"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """``number`` grows with each; ``frame`` is what goes over the wire."""

    number: int
    frame: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """In order. ``is_over``: nothing is left to be told, nor will there be. ``is_full``: there may
    be more already.
    """

    told: Sequence[Told]
    is_over: bool = False
    is_full: bool = False


Find = Callable[[int | None], Awaitable[Found]]
"""What follows a number, so many at a time; the newest for None."""


class Listener(Protocol):
    """``after`` is the number of the last that it was told before it entered."""

    after: int

    def tell(self, frames: bytes) -> None:
        """At once, whoever is slow: that is between it and its client."""

    def end(self) -> None:
        """There is no more from here."""


class Reading:
    """A listener that fetches what it is told, for an answer that is streamed."""

    def __init__(self, after: int) -> None:
        self.after = after
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._news = asyncio.Event()
        self._is_over = False

    def tell(self, frames: bytes) -> None:
        if self._is_over:
            return
        self._held.append(frames)
        self._held_bytes += len(frames)
        if self._held_bytes > MOST_HELD_BYTES:
            self._held.append(_TOO_SLOW)
            self._is_over = True
        self._news.set()

    def end(self) -> None:
        self._is_over = True
        self._news.set()

    async def heard(self) -> AsyncIterator[bytes]:
        """Nothing is heard after a while in which nothing was told."""
        while self._held or not self._is_over:
            try:
                await asyncio.wait_for(self._news.wait(), _HEARTBEAT_SECONDS)
            except TimeoutError:
                yield b""
                continue
            self._news.clear()
            frames, self._held, self._held_bytes = b"".join(self._held), [], 0
            if frames:
                yield frames


class Channel:
    def __init__(self, find: Find) -> None:
        self._find = find
        self._tells: dict[Listener, Callable[[bytes], None]] = {}
        self._ahead: set[Listener] = set()
        self._kept: deque[Told] = deque()
        self._kept_bytes = 0
        self._floor = 0
        self._last = 0
        self._news = asyncio.Event()
        self._is_ready = asyncio.Event()
        self.is_over = False

    async def run(self) -> None:
        """Look for what is new whenever there may be something."""
        try:
            newest = await self._read(None)
            if newest.told:
                self._floor = newest.told[0].number - 1
                self._keep(newest.told)
            self.is_over = newest.is_over
            self._is_ready.set()
            while not self.is_over:
                self._news.clear()
                found = await self._read(self._last)
                if found.told:
                    self._tell(found.told)
                if found.is_over:
                    break
                if not found.is_full:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), _HEARTBEAT_SECONDS)
        except Exception:  # noqa: BLE001 - whoever listens comes back, and is told more
            _LOG.exception("nothing more can be told")
        finally:
            self.end()

    def wake(self) -> None:
        self._news.set()

    def end(self) -> None:
        self.is_over = True
        self._is_ready.set()
        self._news.set()
        for listener in (*self._tells, *self._ahead):
            listener.end()

    async def missed(self, listener: Listener) -> bytes:
        """The next of what it has not been told yet, to be asked for until it may enter."""
        await self._is_ready.wait()
        if listener.after >= self._floor:
            return b""
        found = await self._read(listener.after)
        # Where nothing is found nothing is left of what came before what is kept here.
        listener.after = found.told[-1].number if found.told else self._floor
        return _joined(found.told)

    def enter(self, listener: Listener) -> bool:
        """Whether it hears everything from now on, nothing twice and nothing left out; not so while
        there is something to be told that is not kept here.
        """
        if not self._is_ready.is_set() or listener.after < self._floor:
            return False
        self._tell_one(listener, self._kept)
        if self.is_over:
            listener.end()
        self._settle(listener)
        return True

    def leave(self, listener: Listener) -> None:
        self._tells.pop(listener, None)
        self._ahead.discard(listener)

    async def _read(self, after: int | None) -> Found:
        """The warehouse may be away; when it is back, everybody is told."""
        while True:
            try:
                return await self._find(after)
            except UNREACHABLE:
                await asyncio.sleep(_AGAIN_SECONDS)

    def _tell(self, told: Sequence[Told]) -> None:
        """Nothing but the call is done for each of thousands."""
        self._keep(told)
        frames = _joined(told)
        for tell in tuple(self._tells.values()):
            tell(frames)
        for listener in tuple(self._ahead):
            self._ahead.discard(listener)
            self._tell_one(listener, told)
            self._settle(listener)

    def _settle(self, listener: Listener) -> None:
        """Another process may have told it more than this one has read yet."""
        if listener.after > self._last:
            self._ahead.add(listener)
        else:
            self._tells[listener] = listener.tell

    @staticmethod
    def _tell_one(listener: Listener, told: Iterable[Told]) -> None:
        new = [one for one in told if one.number > listener.after]
        if new:
            listener.after = new[-1].number
            listener.tell(_joined(new))

    def _keep(self, told: Sequence[Told]) -> None:
        self._last = told[-1].number
        self._kept.extend(told)
        self._kept_bytes += sum(len(one.frame) for one in told)
        while self._kept_bytes > _KEPT_BYTES:
            gone = self._kept.popleft()
            self._kept_bytes -= len(gone.frame)
            self._floor = gone.number


class Channels:
    """Those that somebody listens to."""

    def __init__(self) -> None:
        self._channels: dict[str, tuple[Channel, asyncio.Task[None]]] = {}
        self._users: dict[Channel, int] = {}
        self._rights = asyncio.Event()
        self._is_closed = False

    def __iter__(self) -> Iterator[str]:
        return iter(self._channels)

    @contextmanager
    def channel(self, topic: str, find: Find) -> Iterator[Channel]:
        """It begins with the first who wants it and ends with the last."""
        channel, task = self._channels.get(topic) or self._begin(topic, find)
        if channel.is_over:
            channel, task = self._begin(topic, find)
        self._users[channel] = self._users.get(channel, 0) + 1
        try:
            yield channel
        finally:
            self._users[channel] -= 1
            if not self._users[channel]:
                del self._users[channel]
                task.cancel()
                if self._channels.get(topic, (None,))[0] is channel:
                    del self._channels[topic]

    def wake(self, topics: Iterable[str]) -> None:
        for topic in topics:
            if topic in self._channels:
                self._channels[topic][0].wake()

    def rights_changed(self) -> None:
        self._rights.set()
        self._rights = asyncio.Event()

    async def rights_may_have_changed(self) -> None:
        """Returns when whoever listens is to be looked at once more."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rights.wait(), _RIGHTS_SECONDS)

    def close(self) -> None:
        self._is_closed = True
        for channel, _ in self._channels.values():
            channel.end()

    def _begin(self, topic: str, find: Find) -> tuple[Channel, "asyncio.Task[None]"]:
        channel = Channel(find)
        if self._is_closed:
            channel.end()
        begun = channel, asyncio.create_task(channel.run(), name=f"channel {topic}")
        self._channels[topic] = begun
        return begun


def _joined(told: Iterable[Told]) -> bytes:
    return b"".join(one.frame for one in told)
