"""Answers that are ready to be sent."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

from api.headers import SECURITY

JSON = "application/json"
_WORTH_COMPRESSING_BYTES = 500
_ANY = "*"


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A way to tell an entry, with the headers that all entries have in common when they are told
    so. Theirs alone come after these, so that the bytes of these are the same ones for all.
    """

    status: int
    headers: Mapping[str, str]


_ALWAYS = {"cache-control": "private, no-cache", "vary": "accept-encoding", **SECURITY}
WHOLE = Form(200, {**_ALWAYS, "content-type": JSON})
COMPRESSED = Form(200, {**WHOLE.headers, "content-encoding": "gzip"})
UNCHANGED = Form(304, _ALWAYS)
FORMS = (WHOLE, COMPRESSED, UNCHANGED)


class Entry:
    """One answer with everything that does not depend on who asks for it, and whose it is."""

    def __init__(self, body: bytes, *, route: str, is_private: bool = False) -> None:
        """What is private is for those alone who may see it, and on no shelf."""
        self.body = body
        self.route = route
        self.is_private = is_private
        self.etag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'

    @cached_property
    def compressed(self) -> bytes | None:
        """None where it is not worth it."""
        if len(self.body) < _WORTH_COMPRESSING_BYTES:
            return None
        return gzip.compress(self.body, mtime=0)

    def form(self, held: frozenset[str], *, takes_gzip: bool) -> Form:
        """For somebody who holds these versions."""
        if self.etag in held or _ANY in held:
            return UNCHANGED
        return COMPRESSED if takes_gzip and self.compressed else WHOLE

    def body_in(self, form: Form) -> bytes:
        if form is UNCHANGED:
            return b""
        return self.compressed or b"" if form is COMPRESSED else self.body

    def headers(self, form: Form) -> dict[str, str]:
        """Without the length, which whoever sends it adds."""
        return {**form.headers, "etag": self.etag}

    @property
    def size(self) -> int:
        """About how many bytes it takes, its compressed copy included."""
        return 2 * len(self.body) + 1_000


def lines(headers: Mapping[str, str]) -> bytes:
    """As they are sent."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
