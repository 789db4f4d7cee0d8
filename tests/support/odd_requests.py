"""Requests as they come from the well-behaved, the odd and the malicious, drawn from a seed."""

import random
from dataclasses import dataclass

_TARGETS = (
    b"/api/v1/fast/repositories/1/summary", b"/api/v1/fast/repositories/2/summary",
    b"/api/v1/fast/search?q=parser", b"/api/v1/fast/search?q=parser&limit=5",
)  # fmt: skip
_ODD_TARGETS = (
    b"/api/v1/fast/repositories/1/summary?", b"/api/v1/fast/repositories/1/summary?x=1",
    b"/api/v1/fast/repositories/01/summary", b"/api/v1/fast/repositories/%31/summary",
    b"/api/v1/fast/repositories/1/summary/", b"/api/v1/fast/repositories//1/summary",
    b"/api/v1/fast/repositories/+1/summary", b"/api/v1/fast/repositories/1/summary#top",
    b"http://x/api/v1/fast/repositories/1/summary", b"/api/v1/fast/../fast/repositories/1/summary",
    b"/api/v1/fast/repositories/99/summary", b"/api/v1/fast/repositories/-1/summary",
    b"/api/v1/fast/repositories/99999999999999999999/summary", b"/api/v1/fast/repositories/1",
    b"/api/v1/fast/repositories/x/summary", b"/API/v1/fast/repositories/1/summary",
    b"/api/v1/fast/repositories/1/summary HTTP/1.1", b"/api/v1/fast/repositories/1/sum mary",
    b"/api/v1/fast/repositories/1/summary\xff", b"/api/v1/fast/repositories/1/summary?a=%00",
    b"/api/v1/fast/search", b"/api/v1/fast/search?q=", b"/api/v1/fast/search?q=parser&limit=0",
    b"/api/v1/fast/search?q=parser&q=other", b"/api/v1/fast/search?q=par%73er", b"*", b"/", b"",
    b"/api/v1/fast/search?q=parser%00", b"/api/v1/fast/search?q=%22%5C%3Cmark%3E",
)  # fmt: skip
_METHODS = (b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"get", b"G ET", b"", b"PRI", b"TRACE")
_VERSIONS = (
    b" HTTP/1.0",
    b" HTTP/1.2",
    b" HTTP/2.0",
    b" http/1.1",
    b"",
    b"  HTTP/1.1",
    b" HTTP/1.1 ",
)
_PLAIN_HEADERS = (
    b"Accept: */*", b"User-Agent: curl/8", b"Accept-Encoding: gzip, deflate, br", b"X-A:",
    b"Accept-Encoding: gzip;q=0", b"If-None-Match: *", b'If-None-Match: "a", W/"b"',
    b"If-None-Match: ETAG", b'If-None-Match: "x", ETAG , "y"', b"X-Request-Id: trace-01234567",
    b"x-request-id: no", b"Connection: keep-alive", b"Connection: Keep-Alive", b"Cookie: a=b",
    b"Authorization: Bearer x", b"accept-encoding:\tGZIP ", b"Cache-Control: no-cache",
    b"Origin: https://example.org", b"X-B: \xc3\xa9",
)  # fmt: skip
_ODD_HEADERS = (
    b"Host: y", b"host: x", b"Content-Length: 0", b"Content-Length: 5", b"Content-Length: -1",
    b"Content-Length: +5", b"Content-Length: 5, 5", b"Content-Length: 0x5", b"Content-Length:",
    b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length : 5", b"Content-Length: 99",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: Chunked", b"Transfer-Encoding: identity",
    b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: chunked, gzip", b"TE: trailers",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"Transfer-Encoding : chunked",
    b" Transfer-Encoding: chunked", b"X: y\r\n Transfer-Encoding: chunked", b"Expect: 100-continue",
    b"Expect: other", b"Range: bytes=0-9", b"Upgrade: h2c\r\nConnection: upgrade",
    b"Upgrade: websocket\r\nConnection: Upgrade", b"Upgrade: websocket", b"Connection: close",
    b"Connection: close, keep-alive", b"Connection: upgrade", b"Connection: x-request-id",
    b"HTTP2-Settings: AAMAAABk", b"Trailer: x", b"no colon", b": no name", b"na me: x", b"X\x00: y",
    b"X: \x00", b"X: a\rb", b"X: a\nY: b", b"X: \x7f", b"X-Long: " + b"x" * 9_000, b"\tX: y",
    b"X: y\r\n\tfolded", b'If-None-Match: "a"\r\nIf-None-Match: *',
    b"Authorization: a\r\nAuthorization: b", b"Accept-Encoding: br\r\nAccept-Encoding: gzip",
    b"X-Request-Id: first-0123\r\nX-Request-Id: second-0123", b"X-HTTP-Method-Override: DELETE",
    b"Content-Type: text/plain", b"X-\xc3\xa9: y",
)  # fmt: skip
_BODIES = (
    b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"0\r\n\r\n",
    b"GET /api/v1/fast/repositories/2/summary HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"0\r\n\r\nGET /api/v1/fast/repositories/2/summary HTTP/1.1\r\nHost: localhost\r\n\r\n",
)  # fmt: skip
_END = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_MANY_PIECES = 400


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one connection sends, piece by piece; the last request asks for the end."""

    pieces: tuple[bytes, ...]


def conversation(seed: int, etag: bytes) -> Conversation:
    drawn = random.Random(seed)  # noqa: S311 - the same again for the same seed
    count = drawn.choice((1, 1, 1, 2, 2, 3, 4))
    sent = b"".join(_request(drawn, etag) for _ in range(count)) + _END
    if seed % 50 == 0 and len(sent) < _MANY_PIECES:
        return Conversation(tuple(sent[at : at + 1] for at in range(len(sent))))
    cuts = sorted(drawn.sample(range(1, len(sent)), drawn.choice((0, 0, 1, 2, 3))))
    pieces = [sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    if drawn.random() < 0.5:
        pieces = [*(f"{one}\r\n\r\n".encode("latin-1") for one in
                    sent.decode("latin-1").split("\r\n\r\n")[:-1])]  # fmt: skip
    return Conversation(tuple(pieces))


def _request(drawn: random.Random, etag: bytes) -> bytes:
    oddity = drawn.choice(("none",) * 6 + ("target", "method", "version", "end", "host", "header"))
    if oddity == "header":
        oddity = drawn.choice(("header",) * 3 + ("headers",))
    target = drawn.choice(_ODD_TARGETS if oddity == "target" else _TARGETS)
    method = drawn.choice(_METHODS) if oddity == "method" else b"GET"
    version = drawn.choice(_VERSIONS) if oddity == "version" else b" HTTP/1.1"
    end = drawn.choice((b"\n", b"\r", b"\r\n\r\n", b"\n\r")) if oddity == "end" else b"\r\n"
    headers = [] if oddity == "host" else [b"Host: localhost"]
    headers += drawn.sample(_PLAIN_HEADERS, drawn.choice((0, 1, 2, 3)))
    body = b""
    if oddity in {"header", "headers"}:
        headers += drawn.sample(_ODD_HEADERS, 1 if oddity == "header" else 2)
        body = drawn.choice((b"", *_BODIES))
    drawn.shuffle(headers)
    lines = [method + b" " + target + version, *headers, b"", b""]
    before = b"\r\n" if drawn.random() < 0.03 else b""
    return before + end.join(lines).replace(b"ETAG", etag) + body
