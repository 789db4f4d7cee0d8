"""How much is asked and how it is answered: counters that all processes share, and a line for each
answer.

Both have to cost next to nothing, as the fast lane answers in a few microseconds: what was answered
is put down, and counted and written by the hundred.
"""

import asyncio
import mmap
import os
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import TypeAlias

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
_bucket_of = partial(bisect_left, _LIMITS)
_NOWHERE = "none"
"""The route of what no route answers."""
_AT_ONCE = 256
_FLUSH_SECONDS = 0.1
_THOUSANDTHS = [b"%03d" % number for number in range(1_000)]
_LINE = (
    b'{"event": "request.answered", "route": "%b", "target": "%b", "status": %d, "bytes": %d,'
    b' "microseconds": %d, "request_id": "%b", "logger": "api", "level": "info",'
    b' "timestamp": "%b.%b%bZ"}\n'
)

Sink = Callable[[bytes], object]
_Put: TypeAlias = tuple[str, int, int, int, bytes, int, bytes]
"""Route, status, when it began, how long it took, target, size and id of a request."""


@dataclass(frozen=True, slots=True)
class Example:
    """One of those that took so long, as this process had it last."""

    request_id: str
    seconds: float
    at: float


@dataclass(frozen=True, slots=True)
class Answered:
    """One route: answers by status, seconds of all of them, and how many took at most how long,
    the last of each with an example where this process has one.
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
        self._names = {route: route.encode() for route in self.routes}
        self._directory = directory
        self._cells = memoryview(page(directory, 8 * _CELLS * len(self.routes))).cast("Q")
        self._examples: dict[tuple[str, int], _Put] = {}
        self._sink = sink
        self._put: list[_Put] = []
        self._offset = time.time_ns() - time.perf_counter_ns()

    def count(
        self, route: str, status: int, *, started: int, target: bytes, size: int, request_id: bytes
    ) -> None:
        """``started`` is of ``time.perf_counter_ns``."""
        put = self._put
        put.append(
            (route, status, started, time.perf_counter_ns() - started, target, size, request_id)
        )
        if len(put) == 1:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        elif len(put) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Count and write what was answered since the last time."""
        put, self._put = self._put, []
        if not put:
            return
        for route in {one[0] for one in put}:
            self._add(route, [one for one in put if one[0] == route])
        if self._sink is not None:
            self._sink(self._lines(put))

    def _add(self, route: str, put: Sequence[_Put]) -> None:
        """What is written in C does it in a third of the time of a loop."""
        cells, base = self._cells, self._bases.get(route, self._bases[_NOWHERE])
        _, statuses, _, took, *_ = zip(*put, strict=True)
        buckets = [*map(_bucket_of, took)]
        for status, count in Counter(statuses).items():
            cells[base + _STATUS_CELLS.get(status, _OTHER)] += count
        for bucket, count in Counter(buckets).items():
            cells[base + _BUCKETS + bucket] += count
        cells[base + _SUM] += sum(took)
        for bucket, last in dict(zip(buckets, put, strict=True)).items():
            self._examples[route, bucket] = last

    def _lines(self, put: Sequence[_Put]) -> bytes:
        targets = b"".join([one[4] for one in put])
        is_plain = not (b'"' in targets or b"\\" in targets) and targets.isascii()
        second, lines = 0, []
        for route, status, started, took, target, size, request_id in put:
            at = (self._offset + started) // 1_000
            if at // 1_000_000 != second:
                second = at // 1_000_000
                text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
            shown = target
            if not is_plain:
                shown = msgspec.json.encode(target.decode("latin-1"))[1:-1]
            lines.append(
                _LINE % (
                    self._names.get(route, b"none"), shown, status, size, took // 1_000, request_id,
                    text, _THOUSANDTHS[at // 1_000 % 1_000], _THOUSANDTHS[at % 1_000],
                )
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
        _, _, started, took, _, _, request_id = found
        return Example(request_id.decode(), took / 1e9, (self._offset + started) / 1e9)


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
