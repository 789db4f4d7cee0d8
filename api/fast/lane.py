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
from api.fast.fast import Fast
from api.fast.heads import Head
from api.patience import Patient

_LANE = b"GET /api/v1/fast/"
_END = b" HTTP/1.1\r\n"
_OVER = b"\r\n\r\n"
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
        """Each call here is paid for by every request: what most of them need is written out."""
        started = time.perf_counter_ns()
        fast, end = self._fast, data.find(_END)
        cycle: RequestResponseCycle | None = self.cycle
        if (
            fast is None
            or end < 0
            or self._is_leaving
            or (cycle is not None and not cycle.response_complete)
            or self.flow.write_paused
            or self.transport.is_closing()
        ):
            return False
        now, target, block = time.monotonic(), data[4:end], data[end:]
        head = fast.heads.get(block)  # most clients repeat theirs word for word
        if head is None or head.until < now:
            head = self._head(fast, block)
            if head is None:
                return False
        entry = fast.get(target, now) or fast.searches.at_once(target)
        if entry is None:
            return False
        request_id = head.request_id or fast.next_id()
        body = b""
        if head.held and (entry.etag in head.held or _ANY in head.held):
            status, told = 304, entry.unchanged_head
        elif head.takes_gzip and entry.compressed is not None:
            status, told, body = 200, entry.compressed_head, entry.compressed
        else:
            status, told, body = 200, entry.head, entry.body
        headers = self.server_state.default_headers
        if fast.default_headers is not headers:
            fast.begin(headers)
        self.transport.write(b"".join((fast.begun[status], told, request_id, _OVER, body)))
        self._answered_at = now
        if self.timeout_keep_alive_task is None:
            self._stay(self.timeout_keep_alive)
        self.server_state.total_requests += 1
        fast.traffic.count(
            entry.route, status, started=started, target=target, size=len(body),
            request_id=request_id,
        )  # fmt: skip
        return True

    def _head(self, fast: Fast, block: bytes) -> Head | None:
        head = heads.read(block, fast.readers)
        if head is not None and head.request_id is None:
            if len(fast.heads) >= _MOST_HEADS:
                fast.heads.clear()
            fast.heads[block] = head
        return head

    def _stay(self, seconds: float) -> None:
        """One timer serves all answers of a connection: it looks when the last one was."""
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def timeout_keep_alive_handler(self) -> None:
        left = self._answered_at + self.timeout_keep_alive - time.monotonic()
        if left > 0:
            self._stay(left)
        else:
            super().timeout_keep_alive_handler()
