"""The HTTP server with a fast lane: what is ready is answered before there is a request at all.

The lane takes a request only when it is certain of it: the connection is between two messages, and
what has come is exactly one plain, complete GET without a body whose answer is on the shelf, or
that the index answers at once. All else goes the ordinary way, on the same connection, to routes
that answer the same.
"""

import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from api.fast import heads
from api.fast.entries import Entry
from api.fast.fast import Fast
from api.fast.heads import Head
from api.fast.searches import PATH as SEARCH
from api.patience import Patient

_LANE = b"GET /api/v1/fast/"
_END = b" HTTP/1.1\r\n"
_LINES = {200: b"HTTP/1.1 200 OK\r\n", 304: b"HTTP/1.1 304 Not Modified\r\n"}
_MOST_HEADS = 4_096
_LAST_SECONDS = 0.5
_ANY = "*"


class FastLane(Patient):
    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._fast: Fast | None = self.app_state.get("fast")
        self._answered_at = 0.0
        self._is_leaving = False

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self._is_leaving and self.cycle is not None:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Between two messages the next may be under way: it is answered, with the word that it is
        the last one here.
        """
        self._is_leaving = True
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self.loop.call_later(_LAST_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def data_received(self, data: bytes) -> None:
        if not (self._is_between and data.startswith(_LANE) and self._took(data)):
            super().data_received(data)

    def _took(self, data: bytes) -> bool:
        started = time.perf_counter_ns()
        fast, end = self._fast, data.find(_END)
        if fast is None or end < 0:
            return False
        target = data[4:end]
        entry, is_search = fast.get(target), target.startswith(SEARCH)
        if (entry is None and not is_search) or not self._is_free():
            return False
        head = self._head(fast, data[end:])
        if head is None:
            return False
        if entry is None:
            entry = fast.searches.at_once(target)
            if entry is None:
                return False
        request_id = head.request_id or fast.next_id()
        status, size = self._answer(entry, head, request_id)
        fast.traffic.count(
            entry.route, status, started=started, target=target, size=size, request_id=request_id
        )
        return True

    def _is_free(self) -> bool:
        """Nothing is under way on this connection, neither an answer nor the end of it."""
        cycle: RequestResponseCycle | None = self.cycle
        return (
            not self._is_leaving
            and (cycle is None or cycle.response_complete)
            and not self.flow.write_paused
            and not self.transport.is_closing()
        )

    def _head(self, fast: Fast, block: bytes) -> Head | None:
        """Most clients repeat theirs word for word."""
        head = fast.heads.get(block)
        if head is None or head.until < time.monotonic():
            head = heads.read(block, fast.readers)
            if head is not None and head.request_id is None:
                if len(fast.heads) >= _MOST_HEADS:
                    fast.heads.clear()
                fast.heads[block] = head
        return head

    def _answer(self, entry: Entry, head: Head, request_id: bytes) -> tuple[int, int]:
        """Status and size of the body."""
        body = b""
        if head.held and (entry.etag in head.held or _ANY in head.held):
            status, told = 304, entry.unchanged_head
        elif head.takes_gzip and entry.compressed is not None:
            status, told, body = 200, entry.compressed_head, entry.compressed
        else:
            status, told, body = 200, entry.head, entry.body
        self.transport.write(
            b"".join((
                _LINES[status], self._defaults(), told,
                b"x-request-id: ", request_id, b"\r\n\r\n", body,
            ))
        )  # fmt: skip
        self._stay()
        self.server_state.total_requests += 1
        return status, len(body)

    def _defaults(self) -> bytes:
        """Date and server, as uvicorn has them once a second."""
        headers = self.server_state.default_headers
        if self._fast is None:
            return b""
        if self._fast.default_headers is not headers:
            self._fast.default_headers = headers
            self._fast.default_lines = b"".join(
                b"%b: %b\r\n" % (name, value) for name, value in headers
            )
        return self._fast.default_lines

    def _stay(self) -> None:
        """One timer serves all answers of a connection: it looks when the last one was."""
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def timeout_keep_alive_handler(self) -> None:
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(
                left, self.timeout_keep_alive_handler
            )
        else:
            super().timeout_keep_alive_handler()
