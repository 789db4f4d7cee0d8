"""A span around each request, as part of the trace of whoever asks: his requests pass the fast lane
by, which has none.
"""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitinsight import traces

_PARENT = {b"traceparent", b"tracestate"}
_FAILED = 500


class Traced:
    """``names`` are those of the routes, by identity."""

    def __init__(self, app: ASGIApp, *, names: Mapping[int, str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not traces.is_on():
            await self._app(scope, receive, send)
            return
        method = scope.get("method", "WEBSOCKET")
        parent = {
            name.decode(): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in _PARENT
        }
        with traces.span(
            method, parent=parent, http__request__method=method, url__path=scope["path"],
            request_id=scope["state"]["request_id"],
        ) as span:  # fmt: skip

            async def told(message: Message) -> None:
                if message["type"].endswith("response.start"):
                    status: int = message["status"]
                    span.set_attribute("http.response.status_code", status)
                    if status >= _FAILED:
                        span.set_attribute("error.type", str(status))
                await send(message)

            try:
                await self._app(scope, receive, told)
            finally:
                route = self._names.get(id(scope.get("route")))
                if route is not None:
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)
