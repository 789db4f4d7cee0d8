"""ruff is asked about texts alone, and bounded."""

import pytest

from gitinsight.code import linting
from gitinsight.errors import TooHard

SHELL = 'import subprocess\n\nsubprocess.call("ls", shell=True)\n'


def test_each_text_has_what_is_said_of_it() -> None:
    said = linting.lint([SHELL, "x = 1\n", "a = = 1\n", SHELL], seconds=30)

    assert [[one["code"] for one in those] for those in said] == [
        ["S602", "S607"], [], ["invalid-syntax"], ["S602", "S607"],
    ]  # fmt: skip


def test_sizes_of_functions_are_left_to_what_measures_every_language() -> None:
    branches = "".join(f"    if a == {one}:\n        return {one}\n" for one in range(30))

    assert linting.lint([f"def f(a, b, c, d, e, g, h, i):\n{branches}"], seconds=30) == [[]]


def test_what_takes_too_long_is_too_hard() -> None:
    with pytest.raises(TooHard, match=r"more than 0\.001 s"):
        linting.lint([SHELL], seconds=0.001)


def test_the_engine_says_its_version() -> None:
    assert str(linting.engine()).startswith("ruff 0.")


def test_nothing_is_asked_of_nothing() -> None:
    assert linting.lint([], seconds=0) == []
