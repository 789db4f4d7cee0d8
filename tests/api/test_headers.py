"""Headers that are read and written in one place."""

import pytest

from api.headers import versions


@pytest.mark.parametrize(
    ("said", "held"),
    [("", set()), (" , ", set()), ("*", {"*"}), ('"a", W/"b" ,', {'W/"a"', 'W/"b"'})],
)
def test_the_versions_that_are_held_are_read(said: str, held: set[str]) -> None:
    assert versions(said) == held
