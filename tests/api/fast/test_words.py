"""Words, and how alike two are."""

import pytest

from api.fast.words import Marks, edits_allowed, is_near, words_of


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
    html = Marks(["fast"], is_near_enough=False).on("<b>Fast</b> & faster")

    assert html == "&lt;b&gt;<mark>Fast</mark>&lt;/b&gt; &amp; <mark>faster</mark>"


def test_of_a_long_text_the_part_around_the_match_is_shown() -> None:
    text = "word " * 500 + "needle" + " word" * 500

    html = Marks(["needle"], is_near_enough=False).on(text)

    assert html is not None
    assert html.startswith("…")
    assert html.endswith("…")
    assert "<mark>needle</mark>" in html
    assert len(html) < 400


def test_where_nothing_matches_nothing_is_shown() -> None:
    exact, near = (Marks(["parser"], is_near_enough=one) for one in (False, True))

    assert exact.on("praser") is None
    assert near.on("praser") == "<mark>praser</mark>"
    assert near.on(None) is None


@pytest.mark.parametrize(
    ("text", "html"),
    [("a parser", "a <mark>parser</mark>"), ("parser parsers", "<mark>parser</mark> parsers"),
     ("myparser parser_x fastest", "myparser <mark>parser</mark>_x <mark>fastest</mark>"),
     ("fast", "<mark>fast</mark>"), ("myparser, infast", None),
     ("Fast <mark> parser", "<mark>Fast</mark> &lt;mark&gt; <mark>parser</mark>"),
     ("\u0130stanbul fast", "\u0130stanbul <mark>fast</mark>")],
)  # fmt: skip
def test_words_are_whole_but_the_last_which_may_be_begun(text: str, html: str | None) -> None:
    assert Marks(["parser", "fast"], is_near_enough=False).on(text) == html


def test_a_word_that_is_meant_twice_is_marked_once() -> None:
    assert Marks(["fast", "fast"], is_near_enough=False).on("fast") == "<mark>fast</mark>"
