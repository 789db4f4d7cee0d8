"""Bodies of requests: not too large, not too deep, and here in time, before anybody looks at one.

What is refused is refused before it is known who asks: nothing is looked up for it.
"""

import asyncio
import re
from collections.abc import Collection
from itertools import accumulate

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Refused, refusal
from gitinsight.settings import ApiSettings

MOST_DEEP = 64
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""Each is run through once: what a quote has begun and nothing ends is a string to the end."""
_BRACKETS = b"[]{}"
_NO_BRACKETS = bytes(set(range(256)) - set(_BRACKETS))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_LARGE_BYTES = 64 * 2**10
"""From here on it takes long enough to keep others waiting."""
_CLOSE = {"Connection": "close"}
"""What is left of the body is not waited for."""


class Bodies:
    """``streamed`` are the paths of those that bound their body themselves, as it comes."""

    def __init__(self, app: ASGIApp, *, settings: ApiSettings, streamed: Collection[str]) -> None:
        self._app = app
        self._most = settings.body_bytes
        self._seconds = settings.body_seconds
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        timely = self._in_time(receive)
        if scope["path"] in self._streamed:
            await self._app(scope, timely, send)
            return
        try:
            body = await self._whole(scope, timely)
        except Refused as error:
            await refusal(Request(scope), error)(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)

    def _in_time(self, receive: Receive) -> Receive:
        """The body, that is; whoever listens for the end of the connection may wait for ever."""
        until: float | None = asyncio.get_running_loop().time() + self._seconds

        async def timely() -> Message:
            nonlocal until
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError as error:
                raise Refused(
                    408, kind="too-slow", headers=_CLOSE,
                    detail=f"the body was not here after {self._seconds:g} seconds",
                ) from error  # fmt: skip
            if not message.get("more_body", False):
                until = None
            return message

        return timely

    async def _whole(self, scope: Scope, receive: Receive) -> bytes:
        """One that says that it is too large is not asked for. Else it is read to its end, or to
        twice what it may have: many clients hear nothing before they have said all.
        """
        if _told_bytes(scope) > 2 * self._most:
            raise self._too_large()
        parts, size = list[bytes](), 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, kind="incomplete", detail="the body ended before its end")
            part = message.get("body", b"")
            size += len(part)
            if size <= self._most:
                parts.append(part)
            if size > 2 * self._most or not message.get("more_body", False):
                break
        if size > self._most:
            raise self._too_large()
        body = b"".join(parts)
        is_deep = await run_in_threadpool(_is_deep, body) if size > _LARGE_BYTES else _is_deep(body)
        if is_deep:
            raise Refused(
                400, kind="too-deep", detail=f"JSON is nested {MOST_DEEP} times at most here"
            )
        return body

    def _too_large(self) -> Refused:
        return Refused(
            413, kind="too-large", headers=_CLOSE,
            detail=f"a request has no more than {self._most} bytes here",
        )  # fmt: skip


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def _told_bytes(scope: Scope) -> int:
    """The server has refused whatever is no number."""
    return int(dict(scope["headers"]).get(b"content-length", b"0"))


def _is_deep(body: bytes) -> bool:
    if body.count(b"[") + body.count(b"{") <= MOST_DEEP:
        return False
    brackets = _STRINGS.sub(b"", body).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > MOST_DEEP


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read, for whoever reads it now; what follows it is the end of the connection."""
    is_read = False

    async def once() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once
