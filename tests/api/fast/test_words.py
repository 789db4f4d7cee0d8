"""Words, and how alike two are."""

import pytest

from api.fast.words import edits_allowed, is_near, marked, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [("Fast-JSON_parser v2", ["fast", "json", "parser", "v2"]),
     ("Größe, naïve!", ["größe", "naïve"]), (None, []), ("", []), ("--", [])],
)  # fmt: skip
def test_text_is_cut_at_everything_that_is_no_letter_or_digit(
    text: str | None, words: list[str]
) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("word", "wanted", "edits"),
    [("parser", "parser", 0), ("praser", "parser", 1), ("parsr", "parser", 1),
     ("parserr", "parser", 1), ("parzer", "parser", 1), ("prasre", "parser", 2),
     ("kitten", "sitting", 3), ("", "ab", 2)],
)  # fmt: skip
def test_so_many_letters_are_wrong(word: str, wanted: str, edits: int) -> None:
    assert is_near(word, wanted, edits)
    assert edits == 0 or not is_near(word, wanted, edits - 1)


def test_short_words_have_to_be_right() -> None:
    assert [edits_allowed(word) for word in ("sql", "rust", "parsers", "compiler")] == [0, 1, 1, 2]


def test_what_matches_is_marked_and_nothing_else_becomes_html() -> None:
    html = marked("<b>Fast</b> & faster", ["fast"], is_near_enough=False)

    assert html == "&lt;b&gt;<mark>Fast</mark>&lt;/b&gt; &amp; <mark>faster</mark>"


def test_of_a_long_text_the_part_around_the_match_is_shown() -> None:
    html = marked("word " * 500 + "needle" + " word" * 500, ["needle"], is_near_enough=False)

    assert html is not None
    assert html.startswith("…")
    assert html.endswith("…")
    assert "<mark>needle</mark>" in html
    assert len(html) < 400


def test_where_nothing_matches_nothing_is_shown() -> None:
    assert marked("praser", ["parser"], is_near_enough=False) is None
    assert marked("praser", ["parser"], is_near_enough=True) == "<mark>praser</mark>"
    assert marked(None, ["a"], is_near_enough=True) is None
