"""What is read of an issue, and several rankings in one."""

from hypothesis import given
from hypothesis import strategies as st

from models.meaning import fused, readable


def test_of_a_body_its_words_are_read() -> None:
    assert readable(" It crashes ", "See:\n```\nlog\n```\n> quoted\n\nNow #12") == (
        "It crashes. See: Now"
    )


def test_the_end_of_a_long_body_is_not_looked_at() -> None:
    assert readable("a", "b " * 4_000) == readable("a", "b " * 9_000)


def test_what_several_rankings_have_comes_before_what_one_has_first() -> None:
    assert fused("abc", "dbe") == ["b", "a", "d", "c", "e"]
    assert fused() == []


@given(st.lists(st.lists(st.integers(0, 9), max_size=8), max_size=4))
def test_nothing_is_lost_or_told_twice(rankings: list[list[int]]) -> None:
    found = fused(*rankings)

    assert sorted(found) == sorted({one for ranking in rankings for one in ranking})
