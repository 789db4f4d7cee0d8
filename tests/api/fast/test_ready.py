"""What one request is answered."""

import math

import pytest

from api.fast.entries import Entry
from api.fast.heads import Head
from api.fast.ready import Ready

LONG = Entry(b'{"a": 1}' * 200, route="/a")
SHORT = Entry(b"{}", route="/a")


def ready(entry: Entry, *held: str, takes_gzip: bool = False) -> Ready:
    head = Head(frozenset(held), takes_gzip=takes_gzip, request_id=None, until=math.inf)
    return Ready(entry, head, b"/a", until=7.0)


def test_whoever_holds_nothing_is_told_everything() -> None:
    told = ready(LONG, '"another"')

    assert (told.status, told.told, told.body) == (200, LONG.head, LONG.body)
    assert b'"status": 200, "bytes": 1600,' in told.line.begun


@pytest.mark.parametrize("held", [LONG.etag, "*"])
@pytest.mark.parametrize("takes_gzip", [False, True])
def test_whoever_holds_it_is_told_so(held: str, *, takes_gzip: bool) -> None:
    told = ready(LONG, held, takes_gzip=takes_gzip)

    assert (told.status, told.told, told.body) == (304, LONG.unchanged_head, b"")
    assert b'"status": 304, "bytes": 0,' in told.line.begun


def test_whoever_takes_gzip_is_given_it_where_it_is_worth_it() -> None:
    long, short = ready(LONG, takes_gzip=True), ready(SHORT, takes_gzip=True)

    assert (long.told, long.body) == (LONG.compressed_head, LONG.compressed)
    assert (short.told, short.body) == (SHORT.head, SHORT.body)
