"""What the lane and the ordinary routes share, one of it in each process."""

from collections.abc import Iterator
from itertools import chain, count
from secrets import token_hex

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from api.fast import heads
from api.fast.entries import FORMS, Entry, Form, lines
from api.fast.heads import Head, Readers
from api.fast.ready import Ready
from api.fast.searches import Searches
from api.fast.summaries import Summaries
from api.traffic import Traffic

_LANE = b"GET /api/v1/fast/"
_BEFORE_TARGET = len(b"GET ")
_AFTER_TARGET = b" HTTP/1.1\r\n"
_MOST_HEADS = 4_096
_MOST_READY = 10_000
LONGEST_READY = 2_048
"""Bytes of a request that is recognised when it comes again: 20 MiB of them at most."""
_LAST_DIGITS = [b"%03x" % number for number in range(16**3)]


class Fast:
    """``ready`` is by the whole request, and all of it from what is on the shelves; ``ids`` are for
    requests that have none; ``begun`` are answers as far as they begin alike, by their form.
    """

    def __init__(
        self, readers: Readers, summaries: Summaries, searches: Searches, traffic: Traffic
    ) -> None:
        self.readers = readers
        self.traffic = traffic
        self.searches = searches
        self.summaries = summaries
        self.ready: dict[bytes, Ready] = {}
        self.ids = chain.from_iterable(_blocks(token_hex(4)))
        self.default_headers: list[tuple[bytes, bytes]] = []
        self.begun: dict[Form, bytes] = {}
        self._heads: dict[bytes, Head] = {}
        summaries.shelf.on_drop = searches.shelf.on_drop = self.ready.clear

    def make_ready(self, request: bytes, now: float) -> Ready | None:
        """The answer to a request, at that instant of the monotonic clock; None where it is not
        certain, or not at once.
        """
        if not request.startswith(_LANE):
            return None
        end = request.find(_AFTER_TARGET)
        if end < 0:
            return None
        head = self._head(request[end:], now)
        if head is None:
            return None
        target = request[_BEFORE_TARGET:end]
        held = self.get(target, now)
        entry = held or self.searches.at_once(target)
        if entry is None:
            return None
        # It may outlive its time on the shelf by a moment, and no change to what it tells.
        made = Ready(entry, head, target, until=min(head.until, self.summaries.trusted_until))
        if held is not None and head.request_id is None and len(request) <= LONGEST_READY:
            if len(self.ready) >= _MOST_READY:
                self.ready.clear()
            self.ready[request] = made
        return made

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
        theirs = b"".join(b"%b: %b\r\n" % (name, value) for name, value in headers)
        self.begun = {one: STATUS_LINE[one.status] + theirs + lines(one.headers) for one in FORMS}

    def _head(self, block: bytes, now: float) -> Head | None:
        """Most clients repeat theirs word for word."""
        head = self._heads.get(block)
        if head is None or head.until < now:
            head = heads.read(block, self.readers)
            if head is not None and head.request_id is None:
                if len(self._heads) >= _MOST_HEADS:
                    self._heads.clear()
                self._heads[block] = head
        return head


def _blocks(process: str) -> Iterator[Iterator[bytes]]:
    """Ids of 20 digits that count up, most of which are the same for a while."""
    for number in count():
        yield map(f"{process}{number:09x}".encode().__add__, _LAST_DIGITS)
