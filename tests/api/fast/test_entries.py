"""Ready answers."""

import gzip

from api.fast.entries import Entry


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
