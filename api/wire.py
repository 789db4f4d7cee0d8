"""uvicorn's WebSocket, to which bytes that are frames already can be written.

What is written to thousands costs each of them a system call and little else. Who reads too slowly
or says too much is dropped, and told why.
"""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

from api.counters import Counters
from api.live import MOST_HELD_BYTES

_PATIENCE_SECONDS = 10.0
"""So long it may take a client to read to the end, and to learn why it is dropped."""
MOST_SAID_BYTES = 4_096
_SAID_SECONDS = 10.0
"""All that a client has to say is a pong each 20 seconds."""
_KERNEL_BYTES = 64 * 2**10
"""What the kernel holds back of a connection besides us: left to itself it takes megabytes."""
_COME_BACK = "come back for what follows the last that was read"
_POLICY, _RESTART, _LATER = 1008, 1012, 1013


def framed(text: bytes) -> bytes:
    """A message of UTF-8 text, as a server sends it."""
    return Frame(Opcode.TEXT, text).serialize(mask=False)


class Wire(WebSocketsSansIOProtocol):
    """A route finds it as ``socket.state.wire``."""

    # What is looked at for each of thousands lies in one place.
    __slots__ = ("_counters", "_said_bytes", "_said_since", "close_sent", "transport")

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._counters: Counters = self.app_state["counters"]
        self._said_bytes = 0
        self._said_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._counters.add("sockets_opened")
        connected: socket.socket = transport.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._counters.add("sockets_closed")

    async def run_asgi(self) -> None:
        self.scope["state"]["wire"] = self
        await super().run_asgi()

    def tell(self, frames: bytes) -> None:
        """Write whole frames, unless too much waits to be read already."""
        transport = self.transport
        if self.close_sent or transport.is_closing():
            return
        if transport.get_write_buffer_size() > MOST_HELD_BYTES:
            self._counters.add("sockets_slow")
            self.give_up(_LATER, f"too slow; {_COME_BACK}")
            return
        transport.write(frames)

    @property
    def is_open(self) -> bool:
        return not (self.close_sent or self.transport.is_closing())

    async def drained(self) -> bool:
        """Whether the client has read most of what was told, and wants more."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self.writable.wait()
        except TimeoutError:
            self._counters.add("sockets_slow")
            self.give_up(_LATER, f"too slow; {_COME_BACK}")
        return self.is_open

    def end(self) -> None:
        self.give_up(_RESTART, f"the server stops; {_COME_BACK}")

    def give_up(self, code: int, reason: str) -> None:
        """The last frame; who does not read it in time hears nothing."""
        if not self.is_open:
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.close_timer = self.loop.call_later(_PATIENCE_SECONDS, self.transport.abort)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Bytes are counted and not messages: they are looked at before there is a message."""
        if self.handshake_complete and not self.close_sent and not self._may_say(len(data)):
            self._counters.add("sockets_flooding")
            self.give_up(_POLICY, "too much was said; nothing is wanted here")
            return
        if self.close_sent and len(data) > MOST_SAID_BYTES:
            return  # somebody who goes on talking, and no answer to a last frame
        super().data_received(data)

    def _may_say(self, size: int) -> bool:
        now = self.loop.time()
        if now - self._said_since > _SAID_SECONDS:
            self._said_since, self._said_bytes = now, 0
        self._said_bytes += size
        return self._said_bytes <= MOST_SAID_BYTES

    def keepalive_timeout(self) -> None:
        """Who does not answer does not read either, and what waits for him would wait for ever."""
        super().keepalive_timeout()
        self.loop.call_later(_PATIENCE_SECONDS, self.transport.abort)
