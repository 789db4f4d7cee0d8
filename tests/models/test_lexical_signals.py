"""How charged words are where they stand."""

import math

import pytest

from models.lexical_signals import charge, signals, tokens

LEXICON = {"good": 2.0, "bad": -2.0, "error": -1.5, ":)": 2.0}


def of(text: str) -> float:
    return charge(tokens(text), LEXICON)


def test_it_is_bounded() -> None:
    assert of("good") == pytest.approx(2 / math.sqrt(4 + 15))
    assert 0.9 < of("good " * 50) < 1
    assert of("nothing here") == 0


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [("not good", "good"), ("bad", "good"), ("good", "very good"), ("slightly good", "good"),
     ("very bad", "bad"), ("it isn't a good", "good"), ("good but bad", "bad but good"),
     ("good", "good :)")],
)  # fmt: skip
def test_words_before_it_count(weaker: str, stronger: str) -> None:
    assert of(weaker) < of(stronger)


def test_a_negation_reaches_no_further_than_three_words_and_no_other_sentence() -> None:
    assert of("not a b c good") == of("a b c good")
    assert of("no. good") == of("yes. good")
    assert of("not a good") < 0


def test_of_technical_words_one_half_of_the_numbers_knows_nothing() -> None:
    (row,) = signals(["error"], [tokens("error")], LEXICON)

    half = len(row) - 7
    everyday, technical = row[: half // 2], row[half // 2 : half]
    assert everyday[0] < 0
    assert not technical.any()


def test_faces_and_signs_are_told_apart() -> None:
    glad, sad = signals([":+1:!", ":-1:"], [tokens(":+1:!"), tokens(":-1:")], LEXICON)

    assert glad[-7:].tolist()[4:6] == [1, 0]
    assert sad[-7:].tolist()[4:6] == [0, 1]
    assert glad[-7] > sad[-7]
