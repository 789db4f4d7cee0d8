"""Tickets: what opens one stream in place of a header, which browsers cannot send with one.

A ticket is the caller's own proof, sealed, and good once and for seconds. It is in the address of a
request, so that it is taken out of there before anybody writes the address down.
"""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote_plus

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import Reader
from gitinsight.clock import now
from gitinsight.errors import BrokenEnvironment, Unauthorised
from gitinsight.vault import Vault
from warehouse import tickets
from warehouse.engine import Engine

router = APIRouter(prefix="/auth", tags=["auth"])
SECONDS = 30
_PARAMETER = b"ticket="
_KIND = b"ticket "
"""Other things are sealed with the same key."""


class Ticket(BaseModel):
    """``ticket`` goes into the address of a stream: `?ticket=…`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ticket": "gAAAAABn…", "expires_in": SECONDS}]}
    )

    ticket: str
    expires_in: int


class Tickets:
    def __init__(self, engine: Engine, vault: Callable[[], Vault]) -> None:
        self._engine = engine
        self._vault = vault

    def issue(self, authorization: str) -> str:
        return self._vault().seal(_KIND + authorization.encode()).decode()

    def redeem(self, ticket: str) -> str:
        """The authorization that it stands for; Unauthorised where it is none, or none any more."""
        try:
            opened = self._vault().open(ticket.encode(), seconds=SECONDS)
        except BrokenEnvironment as error:
            raise Unauthorised("the ticket is wrong or too old", known=False) from error
        at = now()
        with self._engine.begin() as connection:
            # A second longer than it is good: what has ended may be forgotten.
            is_first = tickets.use(connection, ticket, at=at, until=at + timedelta(seconds=SECONDS))
        if not opened.startswith(_KIND) or not is_first:
            raise Unauthorised("the ticket was used before", known=False)
        return opened.removeprefix(_KIND).decode()


class Unwritten:
    """Takes tickets out of addresses; a route finds one in the state of its request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query: bytes = scope.get("query_string", b"")
        if _PARAMETER in query:
            parts = query.split(b"&")
            given = [one for one in parts if one.startswith(_PARAMETER)]
            scope["query_string"] = b"&".join(one for one in parts if one not in given)
            if given:
                told = given[0].removeprefix(_PARAMETER).decode("latin-1")
                scope.setdefault("state", {})["ticket"] = unquote_plus(told)
        await self._app(scope, receive, send)


@router.post("/ticket")
def ticket(request: Request, _: Reader) -> Ticket:
    """What opens one stream, as whoever asks for it, in place of the header."""
    held: Tickets = request.app.state.tickets
    issued = held.issue(request.headers.get("authorization", ""))
    return Ticket(ticket=issued, expires_in=SECONDS)
