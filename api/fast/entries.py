"""Answers that are ready to be sent."""

import gzip
from functools import cached_property
from hashlib import blake2b

from api.headers import SECURITY

JSON = "application/json"
_CACHE_CONTROL = "private, no-cache"
_WORTH_COMPRESSING_BYTES = 500


class Entry:
    """One answer with everything that does not depend on who asks for it, and whose it is."""

    def __init__(self, body: bytes, *, route: str, is_private: bool = False) -> None:
        """What is private is for those alone who may see it, and on no shelf."""
        self.body = body
        self.route = route
        self.is_private = is_private
        self.etag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
        self.headers = {
            "etag": self.etag, "cache-control": _CACHE_CONTROL, "vary": "accept-encoding",
            **SECURITY,
        }  # fmt: skip

    @cached_property
    def compressed(self) -> bytes | None:
        """None where it is not worth it."""
        if len(self.body) < _WORTH_COMPRESSING_BYTES:
            return None
        return gzip.compress(self.body, mtime=0)

    @cached_property
    def head(self) -> bytes:
        """As the ordinary server writes it, after the date and up to the id of the request."""
        return self._head(self.headers, self.body)

    @cached_property
    def compressed_head(self) -> bytes:
        headers = {**self.headers, "content-encoding": "gzip"}
        return self._head(headers, self.compressed or b"")

    @cached_property
    def unchanged_head(self) -> bytes:
        return _lines(self.headers)

    @staticmethod
    def _head(headers: dict[str, str], body: bytes) -> bytes:
        return _lines({**headers, "content-length": str(len(body)), "content-type": JSON})

    @property
    def size(self) -> int:
        """About how many bytes it takes, its compressed copy included."""
        return 2 * len(self.body) + 1_000


def _lines(headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{lines}x-request-id: ".encode()
