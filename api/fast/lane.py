"""The HTTP server with a fast lane: what is ready is answered before there is a request at all.

The lane takes a request only when it is certain of it: the connection is between two messages, and
what has come is exactly one plain, complete GET without a body whose answer is on the shelf, or
that the index answers at once. All else goes the ordinary way, on the same connection, to routes
that answer the same.

Who comes by himself is answered at once. What is ready for those who come close behind one another
is written when the loop has read them all, before anything that takes longer: whoever waits for
several of them is woken once for all, which costs him and the kernel less.
"""

import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from api.fast.fast import LONGEST_READY, Fast
from api.patience import Patient

_LAST_SECONDS = 0.5
_CLOSE_SECONDS = 0.000_05
"""So soon after another one nobody comes unless many ask at once."""


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
        self._fast = None
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self.loop.call_later(_LAST_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Each call here is paid for by every request: what most of them need is written out."""
        now, fast, ready = time.monotonic(), self._fast, None
        cycle: RequestResponseCycle | None = self.cycle
        if (
            fast is not None
            and self._is_between
            and (cycle is None or cycle.response_complete)
            and not self.flow.write_paused
        ):
            if len(data) <= LONGEST_READY:  # a whole upload is not made a key
                ready = fast.ready.get(data)
            if ready is None or now >= ready.until:
                fast.send()
                ready = fast.make_ready(data, now)
        if fast is None or ready is None:
            super().data_received(data)
            return
        due = fast.due
        due.append((self, ready, ready.request_id or next(fast.ids), now))
        if now - fast.asked_at > _CLOSE_SECONDS:
            fast.send()
        elif len(due) == 1:
            self.loop.call_soon(fast.send)
        fast.asked_at = now
        self._answered_at = now
        if self.timeout_keep_alive_task is None:
            self._stay(self.timeout_keep_alive)

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
