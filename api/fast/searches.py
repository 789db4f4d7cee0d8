"""Answers to searches: those that were given lately are ready, until the index is another one."""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from api.fast.entries import Entry
from api.fast.index import Index
from api.fast.keeping import Keeping, Versions
from api.fast.searching import First, Searching, Wanted
from api.shelf import Shelf
from warehouse.search import Document

PATH = b"/api/v1/fast/search"
_ROUTE = "/api/v1/fast/search"
_ROUTE_OF_MARKED = "/api/v1/search"
_MOST_BYTES = 64 * 2**20
_KEPT_SECONDS = 60.0
_LONGEST_TARGET = 512
_MOST_BEGUN = 256
"""Searches that the lane has begun and the ordinary path goes on with."""
_PLAIN = re.compile(
    re.escape(PATH)
    + rb"\?q=(?P<q>(?:[A-Za-z0-9_./+-]|%20){1,200})(?:&limit=(?P<limit>[1-9][0-9]?|100))?"
)
"""Those that mean the same however carefully they are read."""


class Searches:
    """The index is opened by ``start``: who only describes the API has none."""

    def __init__(
        self, directory: Path, *, versions: Versions,
        documents: Callable[[Sequence[int]], Iterator[Document]],
        shared: frozenset[int] | None = None,
    ) -> None:  # fmt: skip
        """``shared`` is what everybody may see of what is private: all, or nothing. Answers for
        those who may see something else are made for them, and kept for nobody.
        """
        self._shared = shared
        self._directory = directory
        self._sources = versions, documents
        self._index: Index | None = None
        self._searching: Searching | None = None
        self._keeping: Keeping | None = None
        self.shelf = Shelf[Entry](most_bytes=_MOST_BYTES, seconds=_KEPT_SECONDS)
        self._flights: dict[bytes, asyncio.Future[Entry]] = {}
        self._begun: dict[bytes, tuple[int, First]] = {}
        self._generation = 0

    def start(self) -> None:
        versions, documents = self._sources
        self._index = Index(self._directory)
        self._searching = Searching(self._index)
        self._keeping = Keeping(self._index, versions=versions, documents=documents)
        self._keeping.start()

    def stop(self) -> None:
        if self._keeping is not None:
            self._keeping.stop()

    def trust(self, since: float) -> None:  # noqa: ARG002 - any sign of life is a time to look
        if self._index is not None and self._index.refresh():
            self.shelf.clear()
            self._flights.clear()
            self._generation += 1

    def forget(self, repository_id: int, version: str | None) -> None:  # noqa: ARG002 - it is read
        if self._keeping is not None:
            self._keeping.tell(repository_id)

    def forget_all(self) -> None:
        if self._keeping is not None:
            self._keeping.compare()

    def at_once(self, target: bytes) -> Entry | None:
        """The answer to a plain search that needs no more than a look at the index."""
        asked = _PLAIN.fullmatch(target)
        if asked is None or self._searching is None:
            return None
        q = asked["q"].decode().replace("%20", " ").replace("+", " ")
        first = self._searching.first(
            Wanted(q, limit=int(asked["limit"] or 20)), readable=self._shared
        )
        if first.is_enough:
            return self._keep(target, first.answer, _ROUTE, self._generation)
        if len(self._begun) >= _MOST_BEGUN:
            self._begun.clear()
        self._begun[target] = self._generation, first
        return None

    async def get(self, target: bytes, wanted: Wanted, *, readable: frozenset[int] | None) -> Entry:
        """``target`` is the request's, word for word; however many ask, one search answers."""
        if readable != self._shared:
            return await run_in_threadpool(self._own, wanted, readable)
        held = self.shelf.get(target)
        if held is not None:
            return held
        flight = self._flights.get(target)
        if flight is None:
            flight = asyncio.ensure_future(self._find(target, wanted))
            self._flights[target] = flight
        return await asyncio.shield(flight)

    async def alike(self, wanted: Wanted, *, readable: frozenset[int] | None) -> bytes:
        """By any of its words; made for whoever asks, and kept for nobody."""
        assert self._searching is not None  # noqa: S101 - nobody asks before the start
        return await run_in_threadpool(partial(self._searching.alike, wanted, readable=readable))

    async def _find(self, target: bytes, wanted: Wanted) -> Entry:
        assert self._searching is not None  # noqa: S101 - nobody asks before the start
        generation = self._generation
        try:
            begun, first = self._begun.pop(target, (-1, None))
            if first is not None and begun == generation:
                body = await run_in_threadpool(self._searching.further, first)
            else:
                body = await run_in_threadpool(
                    partial(self._searching.find, wanted, readable=self._shared)
                )
        finally:
            self._flights.pop(target, None)
        return self._keep(target, body, _route_of(wanted), generation)

    def _own(self, wanted: Wanted, readable: frozenset[int] | None) -> Entry:
        assert self._searching is not None  # noqa: S101 - nobody asks before the start
        return Entry(self._searching.find(wanted, readable=readable), route=_route_of(wanted))

    def _keep(self, target: bytes, body: bytes, route: str, generation: int) -> Entry:
        entry = Entry(body, route=route)
        if generation == self._generation and len(target) <= _LONGEST_TARGET:
            self.shelf.put(target, entry)
        return entry


def _route_of(wanted: Wanted) -> str:
    return _ROUTE_OF_MARKED if wanted.is_marked else _ROUTE
