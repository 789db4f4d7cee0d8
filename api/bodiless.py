"""HEAD: what GET would be answered, without the body (RFC 9110, 9.3.2)."""

from collections.abc import Set as AbstractSet

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.logins import CALLBACK

UNSAFE = frozenset({CALLBACK})
"""Where GET changes something: nobody may ask for that only to look."""


def methods(path: str, declared: AbstractSet[str]) -> AbstractSet[str]:
    """By which a route is asked that declares these."""
    return declared | {"HEAD"} if "GET" in declared and path not in UNSAFE else declared


class Bodiless:
    """Inside of whatever says how it was asked, outside of whatever answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        if not is_head or scope["path"].rstrip("/") in UNSAFE:
            await self._app(scope, receive, send)
            return
        is_told = False

        async def tell(message: Message) -> None:
            """A stream ends with its head: whoever writes it is told that nobody listens."""
            nonlocal is_told
            if is_told:
                return
            is_told = message["type"] == "http.response.body"
            await send({"type": "http.response.body"} if is_told else message)

        await self._app({**scope, "method": "GET"}, receive, tell)
