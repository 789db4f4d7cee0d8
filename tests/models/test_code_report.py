"""Bytes in, bytes out."""

import msgspec

from gitinsight.code.facts import Duplication, Measured, Source
from models.code_report import report


def test_texts_are_answered_in_their_order() -> None:
    sources = [Source("a.py", "def f(): pass\n"), Source("b.go", "package b\n"), Source("c", "")]

    answer = report(msgspec.msgpack.encode(sources))

    measured, duplication = msgspec.msgpack.decode(answer, type=tuple[list[Measured], Duplication])
    assert [one.language for one in measured] == ["Python", "Go", None]
    assert duplication.lines_count == 2
