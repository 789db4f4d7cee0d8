"""Answers to searches: those that were given lately are ready, until the index is another one."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from api.fast.entries import Entry, Shelf
from api.fast.index import Index
from api.fast.keeping import Keeping, Versions
from api.fast.searching import Searching, Wanted
from warehouse.search import Document

PATH = b"/api/v1/fast/search"
_ROUTE = "/api/v1/fast/search"
_MOST_BYTES = 64 * 2**20
_KEPT_SECONDS = 60.0
_LONGEST_TARGET = 512


class Searches:
    """The index is opened by ``start``: who only describes the API has none."""

    def __init__(
        self, directory: Path, *, versions: Versions,
        documents: Callable[[Sequence[int]], Iterator[Document]],
    ) -> None:  # fmt: skip
        self._directory = directory
        self._sources = versions, documents
        self._index: Index | None = None
        self._keeping: Keeping | None = None
        self.shelf = Shelf(most_bytes=_MOST_BYTES, seconds=_KEPT_SECONDS)
        self._flights: dict[bytes, asyncio.Future[Entry]] = {}
        self._generation = 0

    def start(self) -> None:
        versions, documents = self._sources
        self._index = Index(self._directory)
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

    async def get(self, target: bytes, wanted: Wanted) -> Entry:
        """``target`` is the request's, word for word; however many ask, one search answers."""
        held = self.shelf.get(target)
        if held is not None:
            return held
        flight = self._flights.get(target)
        if flight is None:
            flight = asyncio.ensure_future(self._find(target, wanted))
            self._flights[target] = flight
        return await asyncio.shield(flight)

    async def _find(self, target: bytes, wanted: Wanted) -> Entry:
        assert self._index is not None  # noqa: S101 - nobody asks before the start
        generation = self._generation
        try:
            body = await run_in_threadpool(Searching(self._index).find, wanted)
        finally:
            self._flights.pop(target, None)
        entry = Entry(body, route=_ROUTE)
        if generation == self._generation and len(target) <= _LONGEST_TARGET:
            self.shelf.put(target, entry)
        return entry
