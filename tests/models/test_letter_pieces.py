"""Pieces of words, beside what one finds word by word."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from models.letter_pieces import LetterPieces, pieces

GRAMS = sorted({" a", "ab", "abc", "abca", "abcab", "b ", "bc", " b", "é!", "ca"})
KNOWN = LetterPieces(GRAMS, 100)


def one_by_one(texts: list[str]) -> Counter[tuple[int, int]]:
    return Counter(
        (number, 100 + GRAMS.index(piece))
        for number, text in enumerate(texts)
        for word in text.lower().split()
        for piece in pieces(word)
        if piece in GRAMS
    )


def at_once(texts: list[str]) -> Counter[tuple[int, int]]:
    rows, places = KNOWN.found(texts)
    return Counter(zip(rows.tolist(), places.tolist(), strict=True))


def test_pieces_begin_and_end_with_the_word() -> None:
    assert pieces("ab") == [" a", "ab", "b ", " ab", "ab ", " ab "]


def test_all_are_found_as_often_as_they_stand_there() -> None:
    texts = ["abcab abc", "", "B", "a b\u2003ab", "É! x", "\U0001f389ab"]

    assert at_once(texts) == one_by_one(texts)
    assert at_once(texts)[0, 100 + GRAMS.index("abc")] == 2


def test_none_is_of_two_words_or_of_two_texts() -> None:
    assert not at_once(["xa", "bx"]).keys() & {(0, 100 + GRAMS.index("ab"))}
    assert at_once(["xc ax"]) == Counter({(0, 100 + GRAMS.index(" a")): 1})


def test_where_nothing_is_known_nothing_is_found() -> None:
    rows, places = LetterPieces([], 0).found(["ab", ""])

    assert (len(rows), len(places), len(KNOWN), KNOWN.grams) == (0, 0, len(GRAMS), tuple(GRAMS))
    assert [len(one) for one in KNOWN.found([])] == [0, 0]


@given(st.lists(st.text("abcAé! \n\U0001f389", max_size=30), max_size=5))
def test_it_is_what_one_finds_word_by_word(texts: list[str]) -> None:
    assert at_once(texts) == one_by_one(texts)
