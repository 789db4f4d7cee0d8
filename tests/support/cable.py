"""The network between two programs, which can be cut and mended."""

import asyncio
import contextlib
import threading
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 65_536


class Cable:
    """Passes on what comes in at its own port, to ``port`` on loopback, in both directions.

    While it is cut, what is on its way is lost and whoever knocks hears nothing: no end of a
    connection and no refusal.
    """

    def __init__(self, port: int) -> None:
        self._behind = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._open = asyncio.Event()
        self._open.set()
        self._ways: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        """Those who were cut off find their connections dead."""
        self._loop.call_soon_threadsafe(self._mend)

    def _mend(self) -> None:
        if not self._open.is_set():
            for way in self._ways:
                way.transport.abort()
            self._open.set()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._pass, "127.0.0.1", 0)

    async def _close(self) -> None:
        self._server.close()
        for way in self._ways:
            way.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ways.add(writer)
        with contextlib.suppress(OSError):
            await self._open.wait()
            inner, behind = await asyncio.open_connection("127.0.0.1", self._behind)
            self._ways.add(behind)
            await asyncio.gather(self._copy(reader, behind), self._copy(inner, writer))
            self._ways.discard(behind)
        self._ways.discard(writer)
        writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                await self._open.wait()
                writer.write(chunk)
                await writer.drain()
        writer.close()
