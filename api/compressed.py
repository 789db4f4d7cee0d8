"""Answers in fewer bytes, to whoever says that he takes them so: as zstd or as gzip.

What stands beside a secret stays as it is: how short it becomes would tell, guess by guess, what
the secret is (BREACH). So does what is in a coding already, or has been agreed on elsewhere, as its
``Vary`` says.
"""

import zlib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Literal, Protocol, get_args

from backports import zstd
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import codings
from api.answers import Answer

Coding = Literal["zstd", "gzip"]
CODINGS: tuple[Coding, ...] = get_args(Coding)
"""The best first."""
SECRETS = ("/api/v1/auth", "/api/v1/api-keys")
"""Where tokens, tickets and keys are answered."""
WORTH_BYTES = 500
TEXTS = frozenset({
    "application/json", "application/problem+json", "application/openmetrics-text", "text/csv",
    "text/plain", "image/svg+xml",
})  # fmt: skip
VARY = "Accept-Encoding"
_LARGE_BYTES = 32 * 2**10
"""From here on it takes long enough to keep others waiting."""
_LEVELS = {"zstd": 3, "gzip": 6}
_GZIP = 31
"""zlib's word for: with the header and the checksum of gzip."""
_START = "http.response.start"
_BODY = "http.response.body"
_NO_BODY = frozenset({204, 206, 304})
_VARY = (b"vary", VARY.encode())
_RAW_TEXTS = frozenset(one.encode() for one in TEXTS)

_Headers = Iterable[tuple[bytes, bytes]]


class _Stream(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class Compressed:
    """Outside of whatever answers, and inside of whatever counts the bytes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(SECRETS):
            await self._app(scope, receive, send)
            return
        coding = wanted(scope)
        if coding is not None:
            await self._app(scope, receive, _Sending(coding, scope, send))
            return

        async def send_varying(message: Message) -> None:
            if message["type"] == _START and _may_vary(message):
                message["headers"] = [*message["headers"], _VARY]
            await send(message)

        await self._app(scope, receive, send_varying)


def wanted(scope: Scope) -> Coding | None:
    return codings.wanted(scope, CODINGS)


def compressed(body: bytes, coding: Coding) -> bytes:
    stream = _STREAMS[coding]()
    return stream.compress(body) + stream.flush()


class _Sending:
    """One answer on its way. How it begins is told when it is seen how it goes on."""

    def __init__(self, coding: Coding, scope: Scope, send: Send) -> None:
        self._coding = coding
        self._scope = scope
        self._send = send
        self._start: Message | None = None
        self._stream: _Stream | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == _START:
            if message["status"] in _NO_BODY or not _is_fit(message["headers"]):
                if _may_vary(message):
                    message["headers"] = [*message["headers"], _VARY]
                await self._send(message)
            else:
                self._start = message
        elif self._start is not None:
            start, self._start = self._start, None
            await self._begin(start, message)
        elif self._stream is not None:
            await self._go_on(self._stream, message)
        else:
            await self._send(message)

    async def _begin(self, start: Message, message: Message) -> None:
        headers: list[tuple[bytes, bytes]] = [*start["headers"], _VARY]
        coded = (b"content-encoding", self._coding.encode())
        body: bytes = message.get("body", b"")
        # To HTTP/1.0 the end of a stream is told by its length alone.
        is_stream = message.get("more_body", False) and self._scope.get("http_version") != "1.0"
        if is_stream and _size(headers) >= WORTH_BYTES:
            self._stream = _STREAMS[self._coding]()
            start["headers"] = [*_without_length(headers), coded]
            await self._send(start)
            await self._go_on(self._stream, message)
            return
        if not message.get("more_body", False) and len(body) >= WORTH_BYTES:
            whole = await self._whole(body)
            if whole is not body:
                length = (b"content-length", str(len(whole)).encode())
                headers = [*_without_length(headers), coded, length]
                message["body"] = whole
        start["headers"] = headers
        await self._send(start)
        await self._send(message)

    async def _whole(self, body: bytes) -> bytes:
        """Itself where it becomes no shorter. What is kept is kept like this, too."""
        answer: Answer | None = self._scope.get("state", {}).get("answer")
        copies = answer.copies if answer is not None and answer.body is body else {}
        if self._coding not in copies:
            found = await _aside(partial(compressed, coding=self._coding), body)
            copies[self._coding] = found if len(found) < len(body) else body
        return copies[self._coding]

    async def _go_on(self, stream: _Stream, message: Message) -> None:
        """Piece by piece: no more of it is in memory than what the coding looks back at."""
        is_last = not message.get("more_body", False)
        body = await _aside(stream.compress, message.get("body", b""))
        if is_last:
            body += stream.flush()
        if body or is_last:
            await self._send({"type": _BODY, "body": body, "more_body": not is_last})


_STREAMS: dict[Coding, Callable[[], _Stream]] = {
    "zstd": partial(zstd.ZstdCompressor, level=_LEVELS["zstd"]),
    "gzip": partial(zlib.compressobj, _LEVELS["gzip"], zlib.DEFLATED, _GZIP),
}


async def _aside(compress: Callable[[bytes], bytes], body: bytes) -> bytes:
    if len(body) < _LARGE_BYTES:
        return compress(body)
    return await run_in_threadpool(compress, body)


def _may_vary(start: Message) -> bool:
    """Whether somebody else may be told it in another coding; what is not told again because it is
    held says so as well.
    """
    if start["status"] == 304:  # noqa: PLR2004 - not modified
        return all(name != b"vary" for name, _ in start["headers"])
    return _is_fit(start["headers"])


def _is_fit(headers: _Headers) -> bool:
    is_text = False
    for name, value in headers:
        if name == b"content-type":
            is_text = value.partition(b";")[0] in _RAW_TEXTS
        elif (
            name == b"content-encoding"
            or (name == b"vary" and b"accept-encoding" in value.lower())
            # A strong one is of these very bytes.
            or (name == b"etag" and not value.startswith(b"W/"))
        ):
            return False
    return is_text


def _size(headers: _Headers) -> int:
    """What is not known may be any."""
    return int(dict(headers).get(b"content-length", WORTH_BYTES))


def _without_length(headers: _Headers) -> list[tuple[bytes, bytes]]:
    return [one for one in headers if one[0] != b"content-length"]
