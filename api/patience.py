"""uvicorn's HTTP, which waits for no head of a request for ever, and for none that never ends; and
for nobody who reads nothing of his answer.

A body that is waited for is `api/bodies.py`'s; one that nobody waits for any more is ours.
"""

import asyncio
import socket
import sys
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

_MOST_HEAD_BYTES = 64 * 2**10
_TOO_LATE, _TOO_LARGE = 408, 431
_UNREAD_SECONDS = 60.0
"""So long what was sent may wait for whoever takes nothing of it, or is not there any more."""


class Patient(HttpToolsProtocol):
    """For as long as the state of the application says."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._seconds: float = self.app_state.get("body_seconds", 30.0)
        self._waiting: asyncio.TimerHandle | None = None
        self._is_between = True
        self._is_head_over = False
        self._has_begun = False
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if sys.platform == "linux":  # others know no such limit
            connected: socket.socket = transport.get_extra_info("socket")
            # Only the kernel knows of every byte that is taken, however slowly.
            connected.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(_UNREAD_SECONDS * 1_000)
            )
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._wait_no_more()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        """What comes before a head in the same piece is no part of it: it counts from the next."""
        self._has_begun = False
        super().data_received(data)
        if not (self._is_between or self._is_head_over or self._has_begun):
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEAD_BYTES:
                self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        self._is_between = self._is_head_over = False
        self._has_begun = True
        self._head_bytes = 0
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_head_over = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_between = True
        self._wait_no_more()
        super().on_message_complete()

    def _wait(self) -> None:
        self._wait_no_more()
        self._waiting = self.loop.call_later(self._seconds, self._look)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _look(self) -> None:
        if self._is_between:
            if self.cycle is None and self.timeout_keep_alive_task is None:
                self.transport.close()  # nothing was ever asked
        elif not self._is_head_over:
            self._refuse(_TOO_LATE)
        elif self.cycle.response_complete:
            self.transport.close()  # what is still coming is of no interest to anybody
        else:
            self._wait()

    def _refuse(self, status: int) -> None:
        """There is no request yet that could be answered otherwise."""
        self._wait_no_more()
        if not self.transport.is_closing():
            self.transport.write(
                STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n"
            )
            self.transport.close()
