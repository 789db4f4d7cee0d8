"""The lines of an hour, out of its compressed bytes, in a memory that does not grow with it."""

import json
import re
import zlib
from collections.abc import Iterable, Iterator

from gitinsight.errors import BrokenArchive

_GZIP = 31
"""zlib's word for: with the header and the checksum of gzip."""
_BLOCK_BYTES = 256 * 1024
LONGEST_BYTES = 8 * 2**20
"""GitHub sends no webhook above 25 MB, and no event near that; what is longer is not read."""
KEPT_BYTES = 64 * 1024
"""So much of a line that is too long is kept."""

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What is in every member of a gzip file, one after the other; padding with zeros is passed.

    BrokenArchive where it is no gzip file, its checksum is wrong, or it ends too early.
    """
    inflater = None
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if inflater is None:
                    rest = rest.lstrip(b"\0")
                    if not rest:
                        break
                    inflater = zlib.decompressobj(_GZIP)
                if block := inflater.decompress(rest, _BLOCK_BYTES):
                    yield block
                rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
                inflater = None if inflater.eof else inflater
        if inflater is not None:
            yield inflater.flush()
    except zlib.error as error:
        raise BrokenArchive(str(error)) from error
    if inflater is not None and not inflater.eof:
        raise BrokenArchive("it ends in the middle")


def whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes cut anew, at line feeds: no line is in two of them.

    Where there are no line feeds, as in the archive's first years, the cut is between two objects.
    A line of more than LONGEST_BYTES becomes one of KEPT_BYTES, which is no JSON any more.
    """
    pending = b""
    is_skipping = False
    for block in blocks:
        cut = block.rfind(b"\n") + 1
        if not cut:
            pending += block if not is_skipping else b""
            if len(pending) > LONGEST_BYTES:
                objects, pending = split_objects(pending)
                if objects:
                    yield b"\n".join(objects)
                if len(pending) > LONGEST_BYTES:
                    yield pending[:KEPT_BYTES]
                    pending, is_skipping = b"", True
            continue
        if is_skipping:
            yield block[block.find(b"\n") + 1 : cut]
        else:
            yield pending + block[:cut]
        pending, is_skipping = block[cut:], False
    if pending:
        yield pending


def split_objects(text: bytes) -> tuple[list[bytes], bytes]:
    """The JSON objects that ``text`` begins with, and what comes after them."""
    characters = text.decode("utf-8", "surrogateescape")
    objects = []
    start = 0
    while (start := _past_blanks(characters, start)) < len(characters):
        try:
            _, end = _DECODER.raw_decode(characters, start)
        except (json.JSONDecodeError, RecursionError):
            break
        objects.append(characters[start:end].encode("utf-8", "surrogateescape"))
        start = end
    return objects, characters[start:].encode("utf-8", "surrogateescape")


def _past_blanks(characters: str, start: int) -> int:
    found = _BLANK.match(characters, start)
    return found.end() if found else start
