"""Ready answers and the place where they are kept."""

import gzip
from itertools import pairwise

import pytest

from api.fast.entries import Entry, Shelf


def entry(body: bytes) -> Entry:
    return Entry(body, route="/a")


def test_another_body_has_another_version() -> None:
    assert entry(b"{}").etag == entry(b"{}").etag != entry(b"[]").etag


def test_what_is_long_is_compressed_and_what_is_short_is_not() -> None:
    long = entry(b'{"a": 1}' * 200)

    assert long.compressed is not None
    assert gzip.decompress(long.compressed) == long.body
    assert b"content-length: %d\r\n" % len(long.compressed) in long.compressed_head
    assert entry(b"{}").compressed is None


def test_a_full_shelf_drops_the_oldest() -> None:
    shelf = Shelf(most_bytes=10_000, seconds=60)
    for number in range(100):
        shelf.put(b"%d" % number, entry(b"x" * 100))

    assert shelf.size <= 10_000
    assert shelf.get(b"0") is None
    assert shelf.get(b"99") is not None


def test_what_is_put_twice_counts_once() -> None:
    shelf = Shelf(most_bytes=10_000, seconds=60)
    for _ in range(100):
        shelf.put(b"a", entry(b"x" * 100))
    shelf.put(b"b", entry(b""))
    shelf.drop(b"a")

    assert (len(shelf), shelf.size) == (1, entry(b"").size)


def test_what_was_kept_at_once_does_not_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    shelf = Shelf(most_bytes=10**9, seconds=100)
    for number in range(1_000):
        shelf.put(b"%d" % number, entry(b""))

    def left(at: float) -> int:
        clock[0] = at
        return sum(shelf.get(b"%d" % number) is not None for number in range(1_000))

    held = [left(at) for at in (79, 90, 100, 110, 121)]

    assert held[0] == 1_000
    assert held[-1] == 0
    assert all(before - after > 100 for before, after in pairwise(held))
