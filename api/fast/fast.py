"""What the lane and the ordinary routes share, one of it in each process."""

from itertools import count
from secrets import token_hex

from api.fast.entries import Entry
from api.fast.heads import Head, Readers
from api.fast.searches import PATH as SEARCH
from api.fast.searches import Searches
from api.fast.summaries import Summaries
from api.traffic import Traffic


class Fast:
    def __init__(
        self, readers: Readers, summaries: Summaries, searches: Searches, traffic: Traffic
    ) -> None:
        self.readers = readers
        self.traffic = traffic
        self.searches = searches
        self.summaries = summaries
        self.heads: dict[bytes, Head] = {}
        self.default_headers: list[tuple[bytes, bytes]] = []
        self.default_lines = b""
        self._process = token_hex(4).encode()
        self._numbers = count()

    def next_id(self) -> bytes:
        """For a request that has none."""
        return b"%b%012x" % (self._process, next(self._numbers))

    def get(self, target: bytes) -> Entry | None:
        """What is ready for this target, word for word, and may be shown."""
        if target.startswith(SEARCH):
            return self.searches.shelf.get(target)
        summaries = self.summaries
        return summaries.shelf.get(target) if summaries.is_trusted else None
