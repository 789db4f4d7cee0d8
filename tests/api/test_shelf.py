"""The place where what is ready is kept."""

from itertools import pairwise

import pytest

from api.fast.entries import Entry
from api.shelf import Shelf


def entry(body: bytes) -> Entry:
    return Entry(body, route="/a")


def test_a_full_shelf_drops_the_oldest() -> None:
    shelf = Shelf[Entry](most_bytes=10_000, seconds=60)
    for number in range(100):
        shelf.put(b"%d" % number, entry(b"x" * 100))

    assert shelf.size <= 10_000
    assert shelf.get(b"0") is None
    assert shelf.get(b"99") is not None


def test_what_is_put_twice_counts_once() -> None:
    shelf = Shelf[Entry](most_bytes=10_000, seconds=60)
    for _ in range(100):
        shelf.put(b"a", entry(b"x" * 100))
    shelf.put(b"b", entry(b""))
    shelf.drop(b"a")

    assert (len(shelf), shelf.size) == (1, entry(b"").size)


def test_whatever_leaves_is_told_of() -> None:
    told: list[str] = []
    shelf = Shelf[Entry](most_bytes=3_000, seconds=60)
    shelf.on_drop = lambda: told.append("")

    shelf.put(b"a", entry(b""))
    shelf.put(b"b", entry(b""))
    shelf.drop(b"nothing")
    assert len(told) == 0
    shelf.put(b"b", entry(b""))
    assert len(told) == 1
    shelf.put(b"c", entry(b"x" * 500))  # too much together
    assert len(told) == 2
    shelf.get(b"b", 1e12)
    assert len(told) == 3
    shelf.clear()
    assert len(told) == 4


def test_what_was_kept_at_once_does_not_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    shelf = Shelf[Entry](most_bytes=10**9, seconds=100)
    for number in range(1_000):
        shelf.put(b"%d" % number, entry(b""))

    def left(at: float) -> int:
        clock[0] = at
        return sum(shelf.get(b"%d" % number) is not None for number in range(1_000))

    held = [left(at) for at in (79, 90, 100, 110, 121)]

    assert held[0] == 1_000
    assert held[-1] == 0
    assert all(before - after > 100 for before, after in pairwise(held))
