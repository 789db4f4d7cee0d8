"""What goes wrong between GitHub and its callers, on request: each fault by itself, by a chance
that the seed decides.
"""

import asyncio
import codecs
import gzip
import random
import time
from dataclasses import dataclass, fields
from email.utils import formatdate
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitinsight.simulator.statistics import Statistics

_UNICORN = "<!DOCTYPE html><html><head><title>Unicorn! &middot; GitHub</title></head></html>"
_SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
_DOCUMENTATION = "https://docs.github.com/rest"
_LIMIT = "x-ratelimit-"


@dataclass(slots=True)
class Faults:
    """Rates are shares of all requests, 0 to 1; counts of 0 are off; times are in seconds."""

    error_rate: float = 0.0
    """Answers 502."""
    html_rate: float = 0.0
    """A page for people instead of JSON, with ``html_status``."""
    html_status: int = 502
    reset_rate: float = 0.0
    """The connection ends in the middle of the body."""
    truncate_rate: float = 0.0
    """JSON that ends too soon, in a response that is whole."""
    empty_rate: float = 0.0
    gzip_rate: float = 0.0
    """A body that says it is gzip and is not."""
    bom_rate: float = 0.0
    """A byte order mark before the JSON."""
    hang_rate: float = 0.0
    hang_seconds: float = 30.0
    latency: float = 0.0
    clock_skew: float = 0.0
    """How far the Date header is ahead."""
    is_bare: bool = False
    """No header of limits and none with the date, as behind some proxies of GitHub Enterprise."""
    secondary_every: int = 0
    """Every so many requests meet the secondary limit, with ``secondary_status``."""
    secondary_status: int = 403
    secondary_retry_after: str = "seconds"
    """``seconds``, ``date`` or ``none``: how the wait is told."""
    secondary_seconds: int = 60
    """The wait that is told."""
    revoke_after: int = 0
    """The token is worth nothing after so many requests."""
    page_cap: int = 0
    """Pages of issues, and of their comments, beyond it are refused with 422."""
    run_cap: int = 1000
    """Workflow runs that one filtered search shows."""
    stale: bool = False
    """Issues are shown once as they were before their latest change."""
    graphql_heavy_nodes: int = 0
    """Queries that may return more nodes fail with ``graphql_heavy_status``."""
    graphql_heavy_status: int = 502
    graphql_heavy_type: str = ""
    """They fail with 200 and an error of this type instead."""
    graphql_poison: str = ""
    """Queries for the node with this id, or with this in their text, fail with
    ``graphql_heavy_status``, however small.
    """
    graphql_refuse: str = ""
    """The node with this id, those of this type, or the field of a repository are null, and errors
    name them.
    """
    graphql_refuse_type: str = "FORBIDDEN"
    graphql_partial_nodes: int = 0
    """Nodes of a list beyond it are null, and RESOURCE_LIMITS_EXCEEDED says so."""
    graphql_truncate_nodes: int = 0
    """Connections inside of lists of several are cut there without a word, their totals too."""
    graphql_null_rate: float = 0.0
    """Answers ``data: null``."""
    graphql_limit_as_errors: bool = False
    """A used-up limit is told by 200 and RATE_LIMITED, not by 403."""

    def set(self, wanted: dict[str, Any]) -> set[str]:
        """Take over what is named in ``wanted``; the names that were."""
        known = {one.name for one in fields(self)} & wanted.keys()
        for name in known:
            setattr(self, name, type(getattr(self, name))(wanted[name]))
        return known


class Chance:
    """One sequence per fault, so that none moves another."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._sequences: dict[str, random.Random] = {}

    def meets(self, fault: str, rate: float) -> bool:
        if not rate:
            return False
        made = random.Random(f"{self._seed} {fault}")  # noqa: S311 - reproducible, not secret
        return self._sequences.setdefault(fault, made).random() < rate


class Turmoil:
    """The faults as they stand now, and who has asked how often since they were set."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.calm()

    def calm(self) -> None:
        self.faults = Faults()
        self.chance = Chance(self._seed)
        self.requests = 0
        self.by_token: dict[str, int] = {}


class FaultyApp:
    """Wraps the application: counts what is asked of the API, and breaks what is to be broken."""

    def __init__(self, app: ASGIApp, turmoil: Turmoil, statistics: Statistics) -> None:
        self._app, self._turmoil, self._statistics = app, turmoil, statistics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or path.startswith("/_") or ".git/" in path:
            await self._app(scope, receive, send)
            return
        self._statistics.begin(path)
        status = 500
        try:
            response = await self._instead(scope, receive)
            if response is None:
                response = await _captured(self._app, scope, receive)
            status = response.status_code
            now = time.time() + self._turmoil.faults.clock_skew
            response.headers["date"] = formatdate(now, usegmt=True)
            await self._send(response, send)
        finally:
            self._statistics.end(status)

    async def _instead(self, scope: Scope, receive: Receive) -> Response | None:
        """What is answered before anybody looks at the request."""
        faults, chance = self._turmoil.faults, self._turmoil.chance
        self._turmoil.requests += 1
        await asyncio.sleep(faults.latency)
        if chance.meets("hang", faults.hang_rate):
            await _gone(receive, faults.hang_seconds)
            return JSONResponse({"message": "Server Error"}, status_code=504)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        token = headers.get("authorization", "")
        asked = self._turmoil.by_token[token] = self._turmoil.by_token.get(token, 0) + 1
        if token and faults.revoke_after and asked > faults.revoke_after:
            return bad_credentials()
        if chance.meets("error", faults.error_rate):
            return JSONResponse({"message": "Server Error"}, status_code=502)
        if chance.meets("html", faults.html_rate):
            return HTMLResponse(_UNICORN, status_code=faults.html_status)
        if faults.secondary_every and self._turmoil.requests % faults.secondary_every == 0:
            self._statistics.refused += 1
            return _secondary(faults)
        return None

    async def _send(self, response: Response, send: Send) -> None:
        faults, chance = self._turmoil.faults, self._turmoil.chance
        body = bytes(response.body)
        if chance.meets("truncate", faults.truncate_rate):
            body = body[: len(body) // 2]
        if chance.meets("empty", faults.empty_rate):
            body = b""
        if chance.meets("bom", faults.bom_rate):
            body = codecs.BOM_UTF8 + body
        if chance.meets("gzip", faults.gzip_rate):
            body = gzip.compress(body)[:10] + b"\xff" * 20
            response.headers["content-encoding"] = "gzip"
        if faults.is_bare:
            for name in ("date", *(one for one in response.headers if one.startswith(_LIMIT))):
                del response.headers[name]
        response.headers["content-length"] = str(len(body))
        is_reset = chance.meets("reset", faults.reset_rate)
        start = {"type": "http.response.start", "status": response.status_code}
        await send({**start, "headers": response.raw_headers})
        part = body[: len(body) // 2] if is_reset else body
        await send({"type": "http.response.body", "body": part, "more_body": is_reset})


def bad_credentials() -> Response:
    return JSONResponse(
        {"message": "Bad credentials", "documentation_url": _DOCUMENTATION}, status_code=401
    )


def _secondary(faults: Faults) -> Response:
    told = {
        "seconds": {"retry-after": str(faults.secondary_seconds)},
        "date": {"retry-after": formatdate(
            time.time() + faults.clock_skew + faults.secondary_seconds, usegmt=True
        )},
        "none": {},
    }[faults.secondary_retry_after]  # fmt: skip
    return JSONResponse(
        {"message": _SECONDARY, "documentation_url": _DOCUMENTATION},
        status_code=faults.secondary_status, headers=told,
    )  # fmt: skip


async def _captured(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """The response of ``app``, whole."""
    response = Response()

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            response.status_code = message["status"]
            response.raw_headers = list(message.get("headers", ()))
        else:
            response.body = bytes(response.body) + message.get("body", b"")

    await app(scope, receive, keep)
    return response


async def _gone(receive: Receive, seconds: float) -> None:
    """Until the caller hangs up, but no longer than that."""

    async def disconnected() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(disconnected(), seconds)
    except TimeoutError:
        return
