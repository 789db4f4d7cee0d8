"""The head of a request for the fast lane, or nothing where there is any doubt about it.

Doubt is no error: the ordinary server reads the same bytes and says what is wrong with them.
"""

import re
from dataclasses import dataclass
from typing import Protocol

from api import codings
from api.headers import versions
from gitinsight import traces

CODINGS = ("gzip",)
"""In which what the lane has ready is kept."""
_MOST_BYTES = 8_192
_SHAPE = re.compile(
    rb" HTTP/1\.1(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*)+\r\n\r\n"
)
"""Exactly one head, whole, each line of it plain."""
_NAMED = re.compile(
    rb"\r\n(host|authorization|if-none-match|accept-encoding|x-request-id|connection|content-length"
    rb"|transfer-encoding|upgrade|expect|range|http2-settings|trailer|te|x-http-method-override|origin"
    rb"|traceparent)"
    rb":[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)",
    re.IGNORECASE,
)
_REFUSED = frozenset({
    b"content-length", b"transfer-encoding", b"upgrade", b"expect", b"range", b"http2-settings",
    b"trailer", b"te", b"x-http-method-override", b"origin",
})  # fmt: skip
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")


class Readers(Protocol):
    """Who may read what is shared."""

    def until(self, authorization: str, host: str) -> float | None:
        """How long that is certain, by the monotonic clock, without a look at it; None: not now."""


@dataclass(frozen=True, slots=True)
class Head:
    """``until`` is when, of the monotonic clock, its right to read has to be looked at again."""

    held: frozenset[str]
    takes_gzip: bool
    request_id: bytes | None
    until: float


def read(block: bytes, readers: Readers) -> Head | None:
    """``block`` is all that follows the target of the request."""
    if len(block) > _MOST_BYTES or not _SHAPE.fullmatch(block):
        return None
    found = [(name.lower(), value) for name, value in _NAMED.findall(block)]
    named = dict(found)
    if len(named) != len(found) or b"host" not in named or not _REFUSED.isdisjoint(named):
        return None
    if b"traceparent" in named and traces.is_on():
        return None  # what is part of a trace is seen in it, and costs what that costs
    if named.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    until = readers.until(_text(named.get(b"authorization")), _text(named[b"host"]))
    if until is None:
        return None
    return Head(
        held=versions(_text(named.get(b"if-none-match"))),
        takes_gzip=takes_gzip(named.get(b"accept-encoding", b"")),
        request_id=plain_id(named.get(b"x-request-id", b"")),
        until=until,
    )


def plain_id(given: bytes) -> bytes | None:
    """The caller's own id of a request, where it is a plain word."""
    return given if _REQUEST_ID.fullmatch(given) else None


def takes_gzip(accept_encoding: bytes) -> bool:
    return codings.chosen(accept_encoding, CODINGS) is not None


def _text(value: bytes | None) -> str:
    """As the ordinary server decodes it."""
    return "" if value is None else value.decode("latin-1")
