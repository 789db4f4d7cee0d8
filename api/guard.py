"""Around every request: headers for browsers, what is left of a limit, and the audit."""

import logging
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import address_of
from api.headers import SECURITY
from api.limits import Left
from gitinsight.clock import now
from gitinsight.principal import ANYBODY, Principal
from warehouse import audit
from warehouse.engine import UNREACHABLE, Engine

_LOG = logging.getLogger(__name__)
_POLICY = b"content-security-policy"
_PAGES = ("/docs", "/redoc")
"""They load what they are made of from elsewhere."""
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_READING = frozenset({"read", "export", "sql"})
"""What is asked for by POST because it is long. A route of these that writes says ``is_write``."""


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


_BOUND = _raw(SECURITY)
_UNBOUND = [one for one in _BOUND if one[0] != _POLICY]


class Guarded:
    """``names`` are those of the routes, by identity."""

    def __init__(self, app: ASGIApp, *, engine: Engine, names: dict[int, str]) -> None:
        self._app = app
        self._engine = engine
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        is_to_be_recorded = scope["method"] not in _READS

        async def record(status: int) -> None:
            """Once, and before whoever asked is answered."""
            nonlocal is_to_be_recorded
            principal: Principal | None = state.get("principal")
            if (
                is_to_be_recorded
                and principal is not None
                and principal is not ANYBODY
                and (state.get("scope") not in _READING or state.get("is_write"))
            ):
                is_to_be_recorded = False
                await run_in_threadpool(self._record, Request(scope), principal.name, status)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                is_page = scope["path"].startswith(_PAGES)
                told = _UNBOUND if is_page else _BOUND
                left: Left | None = state.get("left")
                if left is not None:
                    told = [*told, *_raw(left.headers)]
                given = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"], *[one for one in told if one[0] not in given]
                ]  # fmt: skip
                await record(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        finally:
            await record(500)  # it was never answered

    def _record(self, request: Request, principal: str, status: int) -> None:
        entry = audit.Entry(
            at=now(), principal=principal, address=address_of(request), method=request.method,
            route=self._names.get(id(request.scope.get("route")), "none"),
            target=request.url.path, status=status,
            request_id=getattr(request.state, "request_id", "unknown"),
        )  # fmt: skip
        try:
            with self._engine.begin() as connection:
                audit.record(connection, entry)
        except UNREACHABLE as error:
            # What it wrote would have failed, too; that somebody tried is told by the log.
            _LOG.warning("%s is not in the audit: %s", entry, error)
