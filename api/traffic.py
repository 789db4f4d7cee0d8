"""How much is asked and how it is answered: counters that all processes share, and a line for each
answer.

Both have to cost next to nothing, as the fast lane answers in a few microseconds: what was answered
is put down, and counted and written by the hundred.
"""

import asyncio
import mmap
import os
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from math import inf
from pathlib import Path
from typing import TypeAlias

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LIMITS_SECONDS = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
)  # fmt: skip
_STATUSES = (
    200, 201, 202, 204, 206, 304, 307, 308, 400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 502,
    503,
)  # fmt: skip
_STATUS_CELLS = {status: number for number, status in enumerate(_STATUSES)}
_OTHER = len(_STATUSES)
_BUCKETS = _OTHER + 1
_SUM = _BUCKETS + len(_LIMITS_SECONDS) + 1
_CELLS = _SUM + 1
_NOWHERE = "none"
"""The route of what no route answers."""
_AT_ONCE = 256
_FLUSH_SECONDS = 0.1
_THOUSANDTHS = [b"%03d" % number for number in range(1_000)]
_BEGUN = (
    b'{"event": "request.answered", "route": "%b", "target": %b, "status": %d, "bytes": %d,'
    b' "microseconds": '
)
_AFTER_ID = '", "logger": "api", "level": "info", "timestamp": "%Y-%m-%dT%H:%M:%S.'

Sink = Callable[[bytes], object]
Put: TypeAlias = tuple["Line", float, float, bytes]
"""What is written of an answer, when its request came (of the monotonic clock), how many seconds it
took, and the id of that."""


class Line:
    """What is written of answers that are alike: all but when, how long and which."""

    __slots__ = ("begun", "route", "status")

    def __init__(self, route: str, status: int, *, target: bytes, size: int) -> None:
        self.route = route
        self.status = status
        shown = msgspec.json.encode(target.decode("latin-1"))
        self.begun = _BEGUN % (route.encode(), shown, status, size)


@dataclass(frozen=True, slots=True)
class Example:
    """The slowest of those that took so long and this process counted last."""

    request_id: str
    seconds: float
    at: float


@dataclass(frozen=True, slots=True)
class Answered:
    """One route: answers by status, seconds of all of them, and how many took at most how long,
    each with an example where this process has one.
    """

    route: str
    statuses: dict[str, int]
    seconds: float
    buckets: list[tuple[str, int, Example | None]]


class Traffic:
    """``directory`` is shared by the processes that count together; without one this is the only
    one. Without a ``sink`` no lines are written.
    """

    def __init__(
        self, routes: Iterable[str], *, directory: Path | None = None, sink: Sink | None = None
    ) -> None:
        self.routes = (*sorted(set(routes)), _NOWHERE)
        self._bases = {route: number * _CELLS for number, route in enumerate(self.routes)}
        self._directory = directory and of_kind(directory, self.routes, _STATUSES, _LIMITS_SECONDS)
        self._cells = memoryview(page(self._directory, 8 * _CELLS * len(self.routes))).cast("Q")
        self._examples: dict[tuple[str, int], Put] = {}
        self._sink = sink
        self._put: list[Put] = []
        self._offset = time.time() - time.monotonic()

    def count(self, line: Line, started: float, request_id: bytes) -> None:
        """``started`` is of the monotonic clock."""
        self.put([(line, started, time.monotonic() - started, request_id)])

    def put(self, answers: Collection[Put]) -> None:
        """Down, to be counted and written with others."""
        put = self._put
        if not put:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        put += answers
        if len(put) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Count and write what was answered since the last time."""
        put, self._put = self._put, []
        if not put:
            return
        routes = {one[0].route for one in put}
        for route in routes:
            own = put if len(routes) == 1 else [one for one in put if one[0].route == route]
            self._add(route, own)
        if self._sink is not None:
            self._sink(self._lines(put))

    def _add(self, route: str, put: Sequence[Put]) -> None:
        """What is written in C does it in a third of the time of a loop."""
        cells, base = self._cells, self._bases.get(route, self._bases[_NOWHERE])
        for status, count in Counter([one[0].status for one in put]).items():
            cells[base + _STATUS_CELLS.get(status, _OTHER)] += count
        by_seconds = {one[2]: one for one in put}
        seconds = sorted([one[2] for one in put])
        cells[base + _SUM] += round(sum(seconds) * 1e9)
        begin = 0
        for bucket, limit in enumerate((*_LIMITS_SECONDS, inf)):
            end = bisect_right(seconds, limit, begin)
            if end > begin:
                cells[base + _BUCKETS + bucket] += end - begin
                self._examples[route, bucket] = by_seconds[seconds[end - 1]]
                begin = end
            if end == len(seconds):
                break

    def _lines(self, put: Sequence[Put]) -> bytes:
        lines: list[bytes] = []
        offset, begins, text = self._offset, 0.0, b""
        parts, add = _THOUSANDTHS, lines.append
        for line, started, took, request_id in put:
            since = offset + started - begins
            if not 0.0 <= since < 1.0:
                begins = float(int(offset + started))
                since = offset + started - begins
                text = time.strftime(_AFTER_ID, time.gmtime(begins)).encode()
            at = int(since * 1e6)
            add(
                b'%b%d, "request_id": "%b%b%b%bZ"}\n'
                % (line.begun, took * 1e6, request_id, text,
                   parts[at // 1_000], parts[at % 1_000])
            )  # fmt: skip
        return b"".join(lines)

    def totals(self) -> Iterator[Answered]:
        """Those of all processes, of routes that were asked."""
        self.flush()
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
                examples = [self._example(route, number) for number in range(len(limits))]
                buckets = list(zip(limits, counts, examples, strict=True))
                yield Answered(route, statuses, cells[base + _SUM] / 1e9, buckets)

    def _example(self, route: str, bucket: int) -> Example | None:
        found = self._examples.get((route, bucket))
        if found is None:
            return None
        _, started, took, request_id = found
        return Example(request_id.decode(), took, self._offset + started)


def of_kind(directory: Path, *told: Sequence[object]) -> Path:
    """Where those count whose cells mean the same: a process that is replaced by one of another
    version stands beside it for a while.
    """
    return directory / blake2b(repr(told).encode(), digest_size=8).hexdigest()


def page(directory: Path | None, size: int) -> mmap.mmap:
    """Of a process that is gone it stays: what it has answered was answered. Nobody sees it before
    it is whole.
    """
    if directory is None:
        return mmap.mmap(-1, size)
    directory.mkdir(parents=True, exist_ok=True)
    part = directory.with_name(f"{directory.name}.{os.getpid()}")
    with part.open("w+b") as file:
        file.truncate(size)
        part.replace(directory / f"{os.getpid()}")
        return mmap.mmap(file.fileno(), size)


class Observed:
    """Counts what the application answers; ``names`` are those of its routes, by identity.
    ``secretive`` are the paths whose queries hold secrets, and are written nowhere.
    """

    def __init__(
        self, app: ASGIApp, *, traffic: Traffic, names: Mapping[int, str],
        secretive: Collection[str],
    ) -> None:  # fmt: skip
        self._app = app
        self._traffic = traffic
        self._names = names
        self._secretive = secretive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, size = time.monotonic(), 500, 0

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
            is_secret = scope["path"].rstrip("/") in self._secretive
            query = b"" if is_secret else scope["query_string"]
            target = scope["raw_path"] + (b"?" + query if query else b"")
            name = self._names.get(id(scope.get("route")), _NOWHERE)
            line = Line(name, status, target=target, size=size)
            self._traffic.count(line, started, scope["state"]["request_id"].encode())
