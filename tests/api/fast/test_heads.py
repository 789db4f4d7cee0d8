"""The head of a request: what is taken from it, and what is not touched at all."""

import math

import pytest

from api.fast import heads


class Readers:
    """``key`` is what they need; None, where everybody may read."""

    def __init__(self, key: str | None) -> None:
        self._key = key

    def until(self, authorization: str, host: str) -> float | None:  # noqa: ARG002 - by any
        if self._key is None:
            return math.inf
        return 7.0 if authorization == f"Bearer {self._key}" else None


OPEN = Readers(None)
CLOSED = Readers("secret")
PLAIN = b" HTTP/1.1\r\nHost: x\r\n"


def test_a_plain_one_is_read() -> None:
    told = (
        b'Accept-Encoding: br, gzip\r\nIF-NONE-MATCH: "a", W/"b"\r\nX-Request-Id: trace-0123\r\n'
        b"Connection: Keep-Alive\r\n\r\n"
    )

    read = heads.read(PLAIN + told, OPEN)

    assert read == heads.Head(
        held=frozenset({'W/"a"', 'W/"b"'}),
        takes_gzip=True,
        request_id=b"trace-0123",
        until=math.inf,
    )


@pytest.mark.parametrize(
    "line",
    [
        b"Host: y", b"host:x", b"Content-Length: 0", b"Transfer-Encoding: chunked", b"TE: trailers",
        b"Upgrade: h2c", b"Expect: 100-continue", b"Range: bytes=0-1", b"Connection: close",
        b"Connection: keep-alive, upgrade", b"Connection:", b"X : 1", b" folded", b"no colon", b"",
        b": empty", b"a\x00b: 1", b"a: \x00", b"a: \x7f", b"a: 1\n", b"a: \r", b"a: 1\r\n\r\nGET /",
        b"If-None-Match: a\r\nIf-None-Match: b", b"Authorization: a\r\nauthorization: b",
        b"Trailer: x", b"Origin: https://example.org", b"a: " + b"x" * 9_000,
    ],
)  # fmt: skip
def test_whatever_is_odd_is_left_to_the_ordinary_server(line: bytes) -> None:
    assert heads.read(PLAIN + b"\r\n", OPEN) is not None
    assert heads.read(PLAIN + line + b"\r\n\r\n", OPEN) is None


@pytest.mark.parametrize(
    "block", [b" HTTP/1.0\r\nHost: x\r\n\r\n", b" HTTP/1.1\r\n\r\n", b" HTTP/1.1\r\nA: b\r\n\r\n"]
)
def test_so_is_another_version_and_one_without_a_host(block: bytes) -> None:
    assert heads.read(block, OPEN) is None


@pytest.mark.parametrize(
    ("authorization", "is_taken"),
    [(b"Bearer secret", True), (b"Bearer wrong", False), (b"", False)],
)
def test_who_may_not_read_is_answered_by_the_ordinary_server(
    authorization: bytes, *, is_taken: bool
) -> None:
    read = heads.read(PLAIN + b"Authorization: " + authorization + b"\r\n\r\n", CLOSED)

    assert (read is not None) == is_taken
    assert read is None or read.until < math.inf


@pytest.mark.parametrize(
    ("given", "takes"),
    [(b"gzip", True), (b"br;q=1.0, GZIP;q=0.5", True), (b"gzip;q=0", False), (b"", False),
     (b"*", True), (b"identity", False), (b"identity, gzip;q=0.5", False)],
)  # fmt: skip
def test_who_takes_gzip_says_so(given: bytes, *, takes: bool) -> None:
    assert heads.takes_gzip(given) == takes
