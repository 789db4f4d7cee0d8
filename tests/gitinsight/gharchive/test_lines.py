"""Lines out of compressed bytes: members, ends and cuts of every kind, in little memory."""

import gzip
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitinsight.errors import BrokenArchive
from gitinsight.gharchive import lines
from gitinsight.gharchive.lines import gunzip, split_objects, whole_lines


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_members_one_after_the_other_are_one_file(size: int) -> None:
    content = gzip.compress(b"one\n") + gzip.compress(b"") + gzip.compress(b"two\n") + bytes(512)

    assert b"".join(gunzip(pieces(content, size))) == b"one\ntwo\n"


@pytest.mark.parametrize("left", [1, 4, 8, 20, 200])
def test_a_file_that_ends_too_early_is_broken(left: int) -> None:
    content = gzip.compress(bytes(range(256)) * 40)

    with pytest.raises(BrokenArchive, match="ends in the middle"):
        list(gunzip([content[:-left]]))


@pytest.mark.parametrize(
    "content",
    [
        b"<html>not found</html>",
        gzip.compress(b"one\n") + b"rubbish",
        gzip.compress(b"one\n")[:-8] + b"12345678",
    ],
    ids=["a page", "rubbish behind it", "a wrong checksum"],
)
def test_what_is_no_gzip_file_is_broken(content: bytes) -> None:
    with pytest.raises(BrokenArchive):
        list(gunzip([content]))


def test_what_unpacks_to_a_thousand_times_its_size_is_unpacked_bit_by_bit() -> None:
    content = gzip.compress(bytes(64 * 2**20))
    tracemalloc.start()
    total = sum(map(len, gunzip([content])))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert total == 64 * 2**20
    assert peak < 4 * 2**20


@given(
    st.lists(st.binary(max_size=12).map(lambda one: one.replace(b"\n", b"")), max_size=20),
    st.integers(1, 9),
)
def test_cuts_lie_at_line_feeds_and_nothing_is_lost(parts: list[bytes], size: int) -> None:
    content = b"\n".join(parts)

    blocks = [*whole_lines(pieces(content, size))]

    assert b"".join(blocks) == content
    assert all(block.endswith(b"\n") for block in blocks[:-1])


def test_a_line_without_end_is_cut_off_and_the_next_ones_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "LONGEST_BYTES", 100)
    monkeypatch.setattr(lines, "KEPT_BYTES", 10)
    content = b'{"a":1}\n' + b"x" * 500 + b'\n{"b":2}\n{"c":3}'

    found = b"\n".join(whole_lines(pieces(content, 9))).split(b"\n")

    assert [one for one in found if one] == [b'{"a":1}', b"x" * 10, b'{"b":2}', b'{"c":3}']


def test_a_file_without_line_feeds_is_cut_between_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_BYTES", 100)
    objects = [b'{"n":%d,"text":"}{ \xc3\xa9 \xff"}' % number for number in range(40)]

    blocks = [*whole_lines(pieces(b"".join(objects), 7))]

    assert max(map(len, blocks)) <= 120
    assert [one for block in blocks for one in split_objects(block)[0]] == objects


@pytest.mark.parametrize(
    ("text", "objects", "rest"),
    [
        (b' {"a":"}{"}{"b":1} \r', [b'{"a":"}{"}', b'{"b":1}'], b""),
        (b'{"a":1}{"b"', [b'{"a":1}'], b'{"b"'),
        (b'{"a"', [], b'{"a"'),
        (b"", [], b""),
        (b"[" * 100_000, [], b"[" * 100_000),
    ],
)
def test_objects_are_told_apart(text: bytes, objects: list[bytes], rest: bytes) -> None:
    assert split_objects(text) == (objects, rest)
