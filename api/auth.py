"""What each route declares: who may use it. One that declares nothing is not served.

``local`` mode: whoever reaches this machine may read, and holds no key. ``required``: nobody may
anything without one.
"""

import math
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Protocol

from fastapi import Depends
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from api import limits
from api.credentials import MISSING, Credentials
from api.errors import Refused
from api.hosts import Hosts
from api.limits import Limits, Streams
from gitinsight.errors import Unauthorised
from gitinsight.principal import ANYBODY, Principal, Role, Scope
from gitinsight.settings import AuthSettings

_STRANGE = f"{MISSING}, or a name of this machine: GITINSIGHT_API__HOSTS"
_DESCRIPTION = (
    "An API key (`gi_…`), an access token of a login, or the key in `admin.key` of the state"
    " directory. In `local` mode reads by a name of this machine need none."
)


class Redeems(Protocol):
    def redeem(self, ticket: str) -> str:
        """The authorization that it stands for; Unauthorised where it is worth nothing."""


class Access:
    """Who comes in, and how often."""

    def __init__(
        self, settings: AuthSettings, credentials: Credentials, counts: Limits, tickets: Redeems,
        hosts: Hosts,
    ) -> None:  # fmt: skip
        self.credentials = credentials
        self._hosts = hosts
        self._settings = settings
        self._counts = counts
        self._tickets = tickets

    async def admit(
        self, connection: HTTPConnection, role: Role, scope: Scope, *, by_ticket: bool = False
    ) -> Principal:
        """Unauthorised where he may not; Refused where he has asked too often. ``by_ticket`` where
        a ticket will do as well.
        """
        state = connection.scope.setdefault("state", {})
        state["scope"] = scope
        ticket = state.get("ticket") if by_ticket else None
        is_guest_enough = self._is_open_to(connection) and ANYBODY.lacks(role, scope) is None
        try:
            principal = await self._principal(connection, ticket, is_counted=not is_guest_enough)
        except Unauthorised:
            if not is_guest_enough:
                raise
            principal = ANYBODY
        lacking = principal.lacks(role, scope)
        if lacking is not None and is_guest_enough:
            principal, lacking = ANYBODY, None
        state["principal"] = principal
        if not self.credentials.is_open:
            await self._spend(connection, principal)
        if lacking is not None:
            raise Unauthorised(lacking, known=True)
        # Where everybody reads everything, nobody reads less for having said who he is.
        return replace(principal, readable=None) if self.credentials.is_open else principal

    async def admits_at_once(self, connection: HTTPConnection, role: Role, scope: Scope) -> bool:
        """Whether he may for certain, without a look at anything but memory. Whoever is not
        admitted is to be asked by ``admit``, which tells him why.
        """
        authorization = connection.headers.get("authorization", "")
        principal = self.credentials.remembered(authorization)
        if principal is None and not authorization and self._is_open_to(connection):
            principal = ANYBODY
        if principal is None or principal.lacks(role, scope) is not None:
            return False
        state = connection.scope.setdefault("state", {})
        state["scope"], state["principal"] = scope, principal
        if not self.credentials.is_open:
            try:
                await self._spend(connection, principal)
            except Refused:
                return False
        return True

    def until(self, authorization: str, host: str) -> float | None:
        """As the credentials say; where nobody needs any, for ever, by a name that is ours."""
        if self.credentials.is_open:
            return math.inf if self._hosts.has(host) else None
        return self.credentials.until(authorization)

    def _is_open_to(self, connection: HTTPConnection) -> bool:
        """Whether he may read without a key."""
        return self.credentials.is_open and self._is_ours(connection)

    def _is_ours(self, connection: HTTPConnection) -> bool:
        return self._hosts.has(connection.headers.get("host", ""))

    def _missing(self, connection: HTTPConnection) -> str:
        return _STRANGE if self.credentials.is_open and not self._is_ours(connection) else MISSING

    async def _principal(
        self, connection: HTTPConnection, ticket: str | None, *, is_counted: bool
    ) -> Principal:
        authorization = connection.headers.get("authorization", "")
        remembered = self.credentials.remembered(authorization)
        if remembered is not None:
            return remembered
        if not authorization and ticket is None:
            raise Unauthorised(self._missing(connection), known=False)
        if is_counted:
            await self.count_failures(connection, 0)
        try:
            if ticket is not None and not authorization:
                authorization = await run_in_threadpool(self._tickets.redeem, ticket)
                connection.scope["state"]["authorization"] = authorization
            return await run_in_threadpool(self.credentials.principal, authorization)
        except Unauthorised:
            if is_counted:
                await self.count_failures(connection, 1)
            raise

    async def count_failures(self, connection: HTTPConnection, amount: int) -> None:
        """Not even a right key is looked at where it may be one of many guesses."""
        left = await self._counts.spend(
            f"failures:{address_of(connection)}", self._settings.failures_per_minute, amount
        )
        if left.remaining < 0:
            raise limits.refused(left, detail="too many wrong keys came from this address")

    async def _spend(self, connection: HTTPConnection, principal: Principal) -> None:
        most = self._settings.requests_per_minute
        if most == 0:
            return
        left = await self._counts.spend(f"requests:{principal.name}", most)
        if left.remaining < 0:
            raise limits.refused(left, detail=f"no more than {most} requests a minute")
        connection.scope["state"]["left"] = left


class Needs(SecurityBase):
    """The principal, who has at least this role, and a key with this scope."""

    def __init__(self, role: Role, scope: Scope, *, by_ticket: bool = False) -> None:
        self.role = role
        self.scope: Scope = scope
        self.by_ticket = by_ticket
        self.model = HTTPBearer(description=_DESCRIPTION)
        self.scheme_name = "bearer"

    async def __call__(self, connection: HTTPConnection) -> Principal:
        access: Access = connection.app.state.access
        return await access.admit(connection, self.role, self.scope, by_ticket=self.by_ticket)


class Open:
    """Says that everybody may, whatever the mode: whoever comes proves himself otherwise, or sees
    nothing that is anybody's.
    """

    async def __call__(self) -> None:
        return None


def address_of(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else "unknown"


class StreamRight:
    """The right to go on reading what was begun: somebody may lose it meanwhile."""

    def __init__(self, access: Access, authorization: str) -> None:
        self._access = access
        self._authorization = authorization

    @property
    def is_everybodys(self) -> bool:
        """Nobody can lose it."""
        return self._access.credentials.is_open

    def readable(self) -> frozenset[int] | None:
        """As of now; Unauthorised where nothing is readable any more. It may ask the warehouse."""
        credentials = self._access.credentials
        return None if credentials.is_open else credentials.principal(self._authorization).readable


async def _right(connection: HTTPConnection) -> StreamRight:
    """After who asks is known: a ticket is good once."""
    given = connection.scope["state"].get("authorization")
    return StreamRight(
        connection.app.state.access, given or connection.headers.get("authorization", "")
    )


Right = Annotated[StreamRight, Depends(_right)]


async def _place(connection: HTTPConnection) -> AsyncIterator[None]:
    streams: Streams = connection.app.state.streams
    principal: Principal = connection.scope["state"]["principal"]
    with streams.open(principal.name):
        yield


Place = Annotated[None, Depends(_place)]
"""One of the streams that a listener may have open, until its last byte is sent."""


def require(principal: Principal, role: Role, scope: Scope) -> None:
    """Of a route that needs more for a part of what it does."""
    lacking = principal.lacks(role, scope)
    if lacking is not None:
        raise Unauthorised(lacking, known=True)


def declared(dependant: Any) -> list[Needs | Open]:
    """What a route says of who may use it."""
    found = [dependant.call] if isinstance(dependant.call, Needs | Open) else []
    for one in dependant.dependencies:
        found += declared(one)
    return found


Public = Annotated[None, Depends(Open())]
Reader = Annotated[Principal, Depends(Needs(Role.VIEWER, "read"))]
Listener = Annotated[Principal, Depends(Needs(Role.VIEWER, "read", by_ticket=True))]
"""A reader, who may come by a ticket. It stands before a ``Right`` and a ``Place``."""
Analyst = Annotated[Principal, Depends(Needs(Role.ANALYST, "export"))]
Asker = Annotated[Principal, Depends(Needs(Role.ANALYST, "sql"))]
Keeper = Annotated[Principal, Depends(Needs(Role.ANALYST, "keys"))]
Writer = Annotated[Principal, Depends(Needs(Role.MAINTAINER, "write"))]
Admin = Annotated[Principal, Depends(Needs(Role.ADMIN, "admin"))]
