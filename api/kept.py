"""Reads whose answer is kept, answered before a route is looked for.

That costs more than everything else such an answer needs. Whoever may not have it for certain, or
has used up his limit, goes the ordinary way and is told so there.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import Access
from api.envelope import ready
from gitinsight.principal import Role


class Kept:
    """What is kept is what every reader may read: see ``api/answers.py``."""

    def __init__(self, app: ASGIApp, *, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            request = Request(scope)
            found = ready(request)
            if found is not None and await self._access.admits_at_once(
                request, Role.VIEWER, "read"
            ):
                answer, response = found
                scope["route"] = answer.route  # whoever counts and logs asks what has answered
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)
