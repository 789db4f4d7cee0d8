"""What the lane and the ordinary routes share, one of it in each process."""

from collections.abc import Iterator
from itertools import chain, count
from secrets import token_hex
from time import monotonic
from typing import TypeAlias

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

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
_OVER = b"\r\n\r\n"
_MOST_HEADS = 4_096
_MOST_READY = 10_000
LONGEST_READY = 2_048
"""Bytes of a request that is recognised when it comes again: 20 MiB of them at most."""
_LAST_DIGITS = [b"%03x" % number for number in range(16**3)]
_Due: TypeAlias = tuple[HttpToolsProtocol, Ready, bytes, float]
"""Who asked, what he is answered, the id of his request, and when it came."""


class Fast:
    """``ready`` is by the whole request, and all of it from what is on the shelves; ``due`` is what
    of it nobody has sent yet, and ``asked_at`` when the last of it was asked for; ``ids`` are for
    requests that have none.
    """

    def __init__(
        self, readers: Readers, summaries: Summaries, searches: Searches, traffic: Traffic
    ) -> None:
        self.readers = readers
        self.traffic = traffic
        self.searches = searches
        self.summaries = summaries
        self.ready: dict[bytes, Ready] = {}
        self.due: list[_Due] = []
        self.asked_at = 0.0
        self.ids = chain.from_iterable(_blocks(token_hex(4)))
        self._default_headers: list[tuple[bytes, bytes]] = []
        self._begun: dict[Form, bytes] = {}
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

    def send(self) -> None:
        """All that is due; they are answered when the last of them is."""
        due, self.due = self.due, []
        if not due:
            return
        headers = due[0][0].server_state.default_headers
        if headers is not self._default_headers:
            self._begin(headers)
        begun, join = self._begun, b"".join
        for asker, ready, request_id, _ in due:
            asker.transport.write(
                join((begun[ready.form], ready.told, request_id, _OVER, ready.body))
            )
        now = monotonic()
        self.traffic.put([
            (ready.line, asked_at, now - asked_at, request_id)
            for _, ready, request_id, asked_at in due
        ])  # fmt: skip

    def _begin(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Answers as far as they begin alike: date and server are what uvicorn has for a second."""
        self._default_headers = headers
        theirs = b"".join(b"%b: %b\r\n" % (name, value) for name, value in headers)
        self._begun = {one: STATUS_LINE[one.status] + theirs + lines(one.headers) for one in FORMS}

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
