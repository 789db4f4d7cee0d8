"""What one request is answered."""

import math

import pytest

from api.fast.entries import COMPRESSED, UNCHANGED, WHOLE, Entry
from api.fast.heads import Head
from api.fast.ready import Ready

ENTRY = Entry(b'{"a": 1}' * 200, route="/a")
ETAG = f"etag: {ENTRY.etag}\r\n".encode()


def ready(*held: str, takes_gzip: bool = False) -> Ready:
    head = Head(frozenset(held), takes_gzip=takes_gzip, request_id=None, until=math.inf)
    return Ready(ENTRY, head, b"/a", until=7.0)


def test_whoever_holds_nothing_is_told_everything() -> None:
    told = ready('"another"')

    assert (told.form, told.body) == (WHOLE, ENTRY.body)
    assert told.told == ETAG + b"content-length: 1600\r\nx-request-id: "
    assert b'"status": 200, "bytes": 1600,' in told.line.begun


def test_whoever_takes_gzip_is_given_it() -> None:
    told = ready(takes_gzip=True)

    assert (told.form, told.body) == (COMPRESSED, ENTRY.compressed)
    assert told.told == ETAG + b"content-length: %d\r\nx-request-id: " % len(told.body)


@pytest.mark.parametrize("takes_gzip", [False, True])
def test_whoever_holds_it_is_told_so(*, takes_gzip: bool) -> None:
    told = ready(ENTRY.etag, takes_gzip=takes_gzip)

    assert (told.form, told.body, told.told) == (UNCHANGED, b"", ETAG + b"x-request-id: ")
    assert b'"status": 304, "bytes": 0,' in told.line.begun
