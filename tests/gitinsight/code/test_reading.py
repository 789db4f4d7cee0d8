"""Texts are measured in other processes, which are not loaded here."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from gitinsight.code.facts import Source
from gitinsight.code.reading import Reader


@pytest.fixture
def reader() -> Iterator[Reader]:
    with Reader() as reader:
        yield reader


def test_what_is_measured_and_what_is_said_belong_together(reader: Reader) -> None:
    found = reader.read(
        [Source("a.go", "package a\n"), Source("b.py", "eval(x)\n"), Source("c.py", "y = '\0'")],
        seconds=30,
    )

    assert [one.language for one in found.measured] == ["Go", "Python", "Python"]
    assert found.said is not None
    assert [[one["code"] for one in said] for said in found.said] == [[], ["S307", "F821"], []]


def test_what_measures_is_not_loaded_here() -> None:
    code = (
        "import sys; from gitinsight.code.reading import Reader, Source\n"
        "with Reader() as one: one.read([Source('a.py', '')], seconds=30)\n"
        "print([one for one in sys.modules if one.startswith(('lizard', 'models'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
