"""`/mcp`: what agents may ask, by the Model Context Protocol over HTTP. It reads, and no more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.requests import HTTPConnection
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import Access
from gitinsight.principal import Role
from gitinsight.settings import ApiSettings

_PATH = "/mcp"


class _Sessions(Protocol):
    @property
    def asgi_app(self) -> ASGIApp: ...


class Agents:
    """Most processes are never asked: what answers is made for the first one who does."""

    def __init__(self, state: State, settings: ApiSettings) -> None:
        self._state = state
        self._settings = settings
        self._is_over = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[_Sessions] | None = None
        # There are no sessions, and nothing is told unasked: a GET would wait for ever.
        self.route = Route(_PATH, endpoint=self, methods=["POST"], include_in_schema=False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            self._is_over.set()
            if self._serving is not None:
                await asyncio.wait([self._serving])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self.route  # as FastAPI's own routes do, for whoever counts
        access: Access = self._state.access
        scope["state"]["agent"] = await access.admit(HTTPConnection(scope), Role.VIEWER, "read")
        if self._ready is None or (self._ready.done() and self._ready.exception()):
            self._ready = asyncio.get_running_loop().create_future()
            self._serving = asyncio.create_task(self._serve(self._ready), name="agents")
        sessions = await asyncio.shield(self._ready)
        await sessions.asgi_app(scope, receive, send)

    async def _serve(self, ready: "asyncio.Future[_Sessions]") -> None:
        """One task begins and ends it: the SDK wants it so."""
        try:
            # Whoever is never asked by an agent does not load the SDK.
            from api import agent_server  # noqa: PLC0415

            sessions = await run_in_threadpool(
                agent_server.make, self._state, self._settings, path=_PATH
            )
            async with sessions.run():
                ready.set_result(sessions)
                await self._is_over.wait()
        except Exception as error:
            if ready.done():
                raise
            ready.set_exception(error)
