"""A bounded place to keep in what is ready, by what it was asked with."""

import random
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Kept(Protocol):
    @property
    def size(self) -> int:
        """About how many bytes it takes."""


T = TypeVar("T", bound=Kept)
KEPT_SECONDS = 300
"""For about so long is kept what is dropped at once when it changes. When it was looked at last is
not announced, and may be older.
"""


class Shelf(Generic[T]):
    """Entries by the target of the request; the oldest go first when it is full. Each is good for
    about ``seconds``, so that what was kept at once does not end at once. Whatever leaves it,
    ``on_drop`` is called.
    """

    def __init__(self, *, most_bytes: int, seconds: float) -> None:
        # A dict finds its first one ever slower where that one is dropped each time.
        self._entries: OrderedDict[bytes, tuple[T, float]] = OrderedDict()
        self._most_bytes = most_bytes
        self._seconds = seconds
        self.size = 0
        self.on_drop: Callable[[], object] = lambda: None

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, target: bytes, now: float | None = None) -> T | None:
        """``now`` is of the monotonic clock, for whoever has just looked at it."""
        held = self._entries.get(target)
        if held is None:
            return None
        entry, until = held
        if until < (time.monotonic() if now is None else now):
            self.drop(target)
            return None
        return entry

    def put(self, target: bytes, entry: T) -> None:
        self.drop(target)
        until = time.monotonic() + self._seconds * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        self._entries[target] = entry, until
        self.size += entry.size
        while self.size > self._most_bytes:
            self.drop(next(iter(self._entries)))

    def drop(self, target: bytes) -> None:
        held = self._entries.pop(target, None)
        if held is not None:
            self.size -= held[0].size
            self.on_drop()

    def clear(self) -> None:
        self._entries.clear()
        self.size = 0
        self.on_drop()
