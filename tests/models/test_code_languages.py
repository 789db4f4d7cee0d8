"""Whatever is said to be a language can be measured."""

import pytest
from lizard_languages import get_reader_for

from models.code_languages import _BY_SUFFIX, language_of


@pytest.mark.parametrize(
    ("name", "language"),
    [("a.py", "Python"), ("x/B.JAVA", "Java"), ("a.tsx", "TypeScript"), ("a.md", None),
     ("py", None), ("a.py/LICENSE", None), ("", None)],
)  # fmt: skip
def test_the_ending_tells_the_language(name: str, language: str | None) -> None:
    assert language_of(name) == language


@pytest.mark.parametrize("suffix", _BY_SUFFIX)
def test_lizard_reads_every_ending(suffix: str) -> None:
    assert get_reader_for(f"a.{suffix}") is not None
