"""Ready answers."""

import gzip

import pytest

from api.fast.entries import COMPRESSED, UNCHANGED, WHOLE, Entry


def entry(body: bytes) -> Entry:
    return Entry(body, route="/a")


def test_another_body_has_another_version() -> None:
    assert entry(b"{}").etag == entry(b"{}").etag != entry(b"[]").etag


def test_what_is_long_is_compressed_and_what_is_short_is_not() -> None:
    long = entry(b'{"a": 1}' * 200)

    assert gzip.decompress(long.body_in(COMPRESSED)) == long.body
    assert long.headers(COMPRESSED)["content-encoding"] == "gzip"
    assert long.form(frozenset(), takes_gzip=True) is COMPRESSED
    assert entry(b"{}").form(frozenset(), takes_gzip=True) is WHOLE


@pytest.mark.parametrize("takes_gzip", [False, True])
def test_whoever_holds_it_is_told_nothing_new(*, takes_gzip: bool) -> None:
    held = entry(b'{"a": 1}' * 200)

    for version in (held.etag, "*"):
        assert held.form(frozenset({version, '"b"'}), takes_gzip=takes_gzip) is UNCHANGED
    assert held.form(frozenset({'"b"'}), takes_gzip=False) is WHOLE
    assert held.body_in(UNCHANGED) == b""
    assert "content-type" not in held.headers(UNCHANGED)
