"""What the lane and the ordinary routes share, one of it in each process."""

from itertools import count
from secrets import token_hex

from api.fast.entries import Entry
from api.fast.heads import Head, Readers
from api.fast.searches import Searches
from api.fast.summaries import Summaries
from api.traffic import Traffic

_LINES = {200: b"HTTP/1.1 200 OK\r\n", 304: b"HTTP/1.1 304 Not Modified\r\n"}

_ALIKE = 16**3
_LAST_DIGITS = [b"%03x" % number for number in range(_ALIKE)]


class Fast:
    """``begun`` are answers as far as they begin alike, by status."""

    def __init__(
        self, readers: Readers, summaries: Summaries, searches: Searches, traffic: Traffic
    ) -> None:
        self.readers = readers
        self.traffic = traffic
        self.searches = searches
        self.summaries = summaries
        self.heads: dict[bytes, Head] = {}
        self.default_headers: list[tuple[bytes, bytes]] = []
        self.begun: dict[int, bytes] = {}
        self._process = token_hex(4).encode()
        self._block = b""
        self._numbers = count()

    def next_id(self) -> bytes:
        """For a request that has none: 20 digits, most of which are the same for a while."""
        number = next(self._numbers)
        last = number % _ALIKE
        if not last:
            self._block = b"%b%09x" % (self._process, number // _ALIKE)
        return self._block + _LAST_DIGITS[last]

    def get(self, target: bytes, now: float) -> Entry | None:
        """What is ready for this target, word for word, and may be shown at that instant of the
        monotonic clock.
        """
        entry, summaries = None, self.summaries
        if now < summaries.trusted_until:
            entry = summaries.shelf.get(target, now)
        return entry or self.searches.shelf.get(target, now)

    def begin(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Date and server, as uvicorn has them once a second."""
        self.default_headers = headers
        lines = b"".join(b"%b: %b\r\n" % (name, value) for name, value in headers)
        self.begun = {status: line + lines for status, line in _LINES.items()}
