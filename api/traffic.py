"""How much is asked and how it is answered: counters that all processes share, and a line for each
answer.

Both have to cost next to nothing, as the fast lane answers in a few microseconds: a count is one
store into a page of memory, and lines are written by the hundred.
"""

import asyncio
import mmap
import os
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LIMITS_SECONDS = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
)  # fmt: skip
_LIMITS = [round(limit * 1e9) for limit in _LIMITS_SECONDS]
_STATUSES = (
    200, 201, 202, 204, 206, 304, 307, 308, 400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 502,
    503,
)  # fmt: skip
_STATUS_CELLS = {status: number for number, status in enumerate(_STATUSES)}
_OTHER = len(_STATUSES)
_BUCKETS = _OTHER + 1
_SUM = _BUCKETS + len(_LIMITS) + 1
_CELLS = _SUM + 1
_NOWHERE = "none"
"""The route of what no route answers."""
_LINES_AT_ONCE = 256
_FLUSH_SECONDS = 0.1
_LINE = (
    b'{"event": "request.answered", "route": "%b", "target": "%b", "status": %d, "bytes": %d,'
    b' "microseconds": %d, "request_id": "%b", "logger": "api", "level": "info",'
    b' "timestamp": "%b.%06dZ"}\n'
)

Sink = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Answered:
    """One route: answers by status, seconds of all of them, and how many took at most how long."""

    route: str
    statuses: dict[str, int]
    seconds: float
    buckets: list[tuple[str, int]]


class Traffic:
    """``directory`` is shared by the processes that count together; without one this is the only
    one. Without a ``sink`` no lines are written.
    """

    def __init__(
        self, routes: Iterable[str], *, directory: Path | None = None, sink: Sink | None = None
    ) -> None:
        self.routes = (*sorted(set(routes)), _NOWHERE)
        self._bases = {route: number * _CELLS for number, route in enumerate(self.routes)}
        self._names = {route: route.encode() for route in self.routes}
        self._directory = directory
        self._cells = memoryview(page(directory, 8 * _CELLS * len(self.routes))).cast("Q")
        self._sink = sink
        self._lines: list[bytes] = []
        self._second = -1
        self._second_text = b""
        self._offset = time.time_ns() - time.perf_counter_ns()

    def count(
        self, route: str, status: int, *, started: int, target: bytes, size: int, request_id: bytes
    ) -> None:
        """``started`` is of ``time.perf_counter_ns``."""
        took = time.perf_counter_ns() - started
        base, cells = self._bases.get(route, self._bases[_NOWHERE]), self._cells
        cells[base + _STATUS_CELLS.get(status, _OTHER)] += 1
        cells[base + _BUCKETS + bisect_left(_LIMITS, took)] += 1
        cells[base + _SUM] += took
        if self._sink is not None:
            self._write(route, status, started, took, target, size, request_id)

    def _write(
        self, route: str, status: int, started: int, took: int, target: bytes, size: int,
        request_id: bytes,
    ) -> None:  # fmt: skip
        second, rest = divmod(self._offset + started, 1_000_000_000)
        if second != self._second:
            self._second = second
            self._second_text = datetime.fromtimestamp(second, UTC).strftime(
                "%Y-%m-%dT%H:%M:%S"
            ).encode()  # fmt: skip
        if b'"' in target or b"\\" in target or not target.isascii():
            target = msgspec.json.encode(target.decode("latin-1"))[1:-1]
        name = self._names.get(route, b"none")
        self._lines.append(
            _LINE % (
                name, target, status, size, took // 1_000, request_id, self._second_text,
                rest // 1_000,
            )
        )  # fmt: skip
        if len(self._lines) >= _LINES_AT_ONCE:
            self.flush()
        elif len(self._lines) == 1:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        if self._lines and self._sink is not None:
            lines, self._lines = b"".join(self._lines), []
            self._sink(lines)

    def totals(self) -> Iterator[Answered]:
        """Those of all processes, of routes that were asked."""
        pages = [self._cells]
        if self._directory is not None:
            pages = [memoryview(one.read_bytes()).cast("Q") for one in self._directory.iterdir()]
        cells = [sum(column) for column in zip(*pages, strict=True)]
        for route, base in self._bases.items():
            statuses = {
                str(status): cells[base + cell]
                for status, cell in (*_STATUS_CELLS.items(), ("other", _OTHER))
                if cells[base + cell]
            }
            if statuses:
                limits = [*map(str, _LIMITS_SECONDS), "+Inf"]
                counts = accumulate(cells[base + _BUCKETS : base + _SUM])
                buckets = list(zip(limits, counts, strict=True))
                yield Answered(route, statuses, cells[base + _SUM] / 1e9, buckets)


def page(directory: Path | None, size: int) -> mmap.mmap:
    """Of a process that is gone it stays: what it has answered was answered."""
    if directory is None:
        return mmap.mmap(-1, size)
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / f"{os.getpid()}").open("w+b") as file:
        file.truncate(size)
        return mmap.mmap(file.fileno(), size)


class Observed:
    """Counts what the application answers; ``names`` are those of its routes, by identity."""

    def __init__(self, app: ASGIApp, *, traffic: Traffic, names: Mapping[int, str]) -> None:
        self._app = app
        self._traffic = traffic
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, size = time.perf_counter_ns(), 500, 0

        async def observe(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, observe)
        finally:
            query = scope["query_string"]
            target = scope["raw_path"] + (b"?" + query if query else b"")
            self._traffic.count(
                self._names.get(id(scope.get("route")), _NOWHERE), status, started=started,
                target=target, size=size, request_id=scope["state"]["request_id"].encode(),
            )  # fmt: skip
