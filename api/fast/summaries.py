"""Summaries as ready answers: this process, then Redis where there is one, then the warehouse.

Nothing is kept that is older than what was announced, and nothing is answered from what is kept
unless everything that was announced until a moment ago has been heard.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from starlette.concurrency import run_in_threadpool

from api.envelope import as_json, meta
from api.fast.entries import Entry
from api.shelf import KEPT_SECONDS, Shelf
from gitinsight.errors import NotFound
from warehouse.summaries import Summary

_ROUTE = "/api/v1/fast/repositories/{repository_id}/summary"
_TRUSTED_SECONDS = 0.9
"""After a published summary the old one is answered for a second at most."""
_MOST_BYTES = 64 * 2**20
_AT_ONCE = 200
_LAST_ID = 2**63 - 1
_MOST_FLOORS = 100_000

Read = Callable[[Sequence[int]], Mapping[int, Summary | NotFound]]


class Second(Protocol):
    """The level that processes share."""

    async def find(self, repository_ids: Sequence[int]) -> dict[int, tuple[str, bytes]]:
        """Version and body of those that are held."""

    async def keep(self, found: Mapping[int, tuple[str, bytes]]) -> None: ...

    def distrust(self) -> None:
        """What is held there now is older than it may be."""


def target_of(repository_id: int) -> bytes:
    return b"/api/v1/fast/repositories/%d/summary" % repository_id


class Summaries:
    """``shelf`` is what the lane looks at, until ``trusted_until`` of the monotonic clock."""

    def __init__(self, read: Read, *, second: Second | None = None) -> None:
        self._read = read
        self._second = second
        self.shelf = Shelf[Entry](most_bytes=_MOST_BYTES, seconds=KEPT_SECONDS)
        self.trusted_until = 0.0
        self._generation = 0
        self._floors: dict[int, str] = {}
        self._flights: dict[int, asyncio.Future[Entry]] = {}
        self._wanted: dict[int, asyncio.Future[Entry]] = {}
        self._loading: asyncio.Task[None] | None = None

    @property
    def is_trusted(self) -> bool:
        return time.monotonic() < self.trusted_until

    def trust(self, since: float) -> None:
        self.trusted_until = since + _TRUSTED_SECONDS

    def forget(self, repository_id: int, version: str | None) -> None:
        """What is being read already is of no use to those who come from now on."""
        self.shelf.drop(target_of(repository_id))
        if repository_id not in self._wanted:
            self._flights.pop(repository_id, None)
        if version is None or len(self._floors) >= _MOST_FLOORS:
            self._begin_anew()
        if version is not None:
            self._floors[repository_id] = max(version, self._floors.get(repository_id, ""))

    def forget_all(self) -> None:
        """Announcements may be missed from now on, until ``trust``."""
        self.shelf.clear()
        self._flights = dict(self._wanted)
        self.trusted_until = 0.0
        self._begin_anew()

    def _begin_anew(self) -> None:
        """No version that was announced is known; what is older than this is not kept."""
        self._floors.clear()
        self._generation += 1
        if self._second is not None:
            self._second.distrust()

    async def get(self, repository_id: int) -> Entry:
        """NotFound where nothing is published. However many ask, the warehouse is asked once."""
        if not 0 < repository_id <= _LAST_ID:
            raise NotFound(f"repository {repository_id}")
        held = self.shelf.get(target_of(repository_id)) if self.is_trusted else None
        if held is not None:
            return held
        flight = self._flights.get(repository_id)
        if flight is None:
            flight = asyncio.get_running_loop().create_future()
            self._flights[repository_id] = self._wanted[repository_id] = flight
            if self._loading is None:
                self._loading = asyncio.create_task(self._load())
        return await asyncio.shield(flight)

    async def _load(self) -> None:
        """What is wanted while a statement is under way goes into the next one."""
        await asyncio.sleep(0)
        try:
            while self._wanted:
                flights = {one: self._wanted.pop(one) for one in list(self._wanted)[:_AT_ONCE]}
                try:
                    await self._land(flights)
                except Exception as error:  # noqa: BLE001 - whoever waits is told
                    for flight in flights.values():
                        _fail(flight, error)
                for one, flight in flights.items():
                    if self._flights.get(one) is flight:
                        del self._flights[one]
        finally:
            self._loading = None

    async def _land(self, flights: Mapping[int, "asyncio.Future[Entry]"]) -> None:
        generation, was_trusted = self._generation, self.is_trusted
        shared = await self._shared(flights)
        missing = [one for one in flights if one not in shared]
        found = await run_in_threadpool(self._read, missing) if missing else {}
        kept: dict[int, tuple[str, bytes]] = {}
        for one, flight in flights.items():
            summary = found.get(one)
            if isinstance(summary, NotFound):
                _fail(flight, summary)
                continue
            if summary is None:
                version, body = shared[one]
                is_private = False
            else:
                version, body, is_private = summary.version, body_of(summary), summary.is_private
            entry = Entry(body, route=_ROUTE, is_private=is_private)
            if not flight.done():
                flight.set_result(entry)
            is_current = version >= self._floors.get(one, "") and generation == self._generation
            if is_current and was_trusted and not is_private:
                self.shelf.put(target_of(one), entry)
                if summary is not None:
                    kept[one] = version, body
        if self._second is not None and kept:
            await self._second.keep(kept)

    async def _shared(self, wanted: Mapping[int, object]) -> dict[int, tuple[str, bytes]]:
        if self._second is None or not self.is_trusted:
            return {}
        found = await self._second.find(list(wanted))
        return {
            one: (version, body)
            for one, (version, body) in found.items()
            if version >= self._floors.get(one, "")
        }


def body_of(summary: Summary) -> bytes:
    """Private ones are in no cache: whoever asks is looked at each time."""
    body = {"data": summary.row, "meta": meta(summary.standing, definition=None)}
    return as_json(body)


def _fail(flight: "asyncio.Future[Entry]", error: Exception) -> None:
    if not flight.done():
        flight.set_exception(error)
        flight.exception()  # nobody may be waiting any more
