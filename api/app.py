"""The application: routes, errors, request ids, and the one connection that listens."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from ipaddress import ip_address
from uuid import uuid4

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors, health, jobs, marts, repositories, streams
from api.errors import Problem
from api.streams import Announcer
from gitinsight.errors import BrokenEnvironment
from gitinsight.settings import Settings
from warehouse.engine import make_engine

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_POOL_SIZE = 8


def create_app(settings: Settings, *, warehouse_url: str, admin_key: str | None) -> FastAPI:
    if settings.auth.mode == "local" and not _is_loopback(settings.api.host):
        raise BrokenEnvironment(
            f"the API would be open to everybody on {settings.api.host}",
            "set GITINSIGHT_AUTH__MODE=required or bind to 127.0.0.1",
        )
    app = FastAPI(
        title="GitInsight",
        version="1",
        lifespan=_lifespan,
        responses={"default": {"model": Problem, "description": "RFC 9457 problem document"}},
    )
    app.state.settings = settings
    app.state.auth_mode = settings.auth.mode
    app.state.admin_key = admin_key
    app.state.warehouse = make_engine(warehouse_url, process="api", pool_size=_POOL_SIZE)
    app.state.announcer = Announcer(warehouse_url)
    errors.install(app)
    app.add_middleware(RequestIds)
    for part in (repositories, marts, jobs, streams):
        app.include_router(part.router, prefix="/api/v1")
    app.include_router(health.router)
    return app


def _lifespan(app: FastAPI) -> AbstractAsyncContextManager[None]:
    return _listening(app)


@asynccontextmanager
async def _listening(app: FastAPI) -> AsyncIterator[None]:
    announcer: Announcer = app.state.announcer
    listening = asyncio.create_task(announcer.run(), name="announcements")
    try:
        yield
    finally:
        announcer.close()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        app.state.warehouse.dispose()


class RequestIds:
    """Every answer carries ``X-Request-Id``: the caller's own where it is a plain word."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex.encode()
        scope.setdefault("state", {})["request_id"] = request_id.decode()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        await self._app(scope, receive, send_with_id)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
