"""What ``gitinsight/code/reading.py`` has run over texts of strangers: bytes in, bytes out."""

import msgspec

from gitinsight.code.facts import Source
from models.code_clones import duplication
from models.code_measures import measure

_SOURCES = msgspec.msgpack.Decoder(list[Source])


def report(message: bytes) -> bytes:
    """Each text measured, and what stands in them more than once."""
    sources = _SOURCES.decode(message)
    return msgspec.msgpack.encode(([measure(one) for one in sources], duplication(sources)))
