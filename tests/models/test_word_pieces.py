"""Texts as pieces of words; expected is what the reference (tokenizers 0.23) makes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.word_pieces import WordPieces

SMALL, OTHER = "\N{GREEK SMALL LETTER SIGMA}", "\N{GREEK SMALL LETTER ALPHA}"
_PIECES = f"""
    [PAD] [UNK] [CLS] [SEP] [MASK] un ##aff ##able cafe naive istanbul lodz a ab b ##b c don ' t
    stop _ [ sep ] 日 本 {SMALL}{OTHER}{SMALL} {OTHER} ##{SMALL} 12 # ! “ hello zero ##width line
    ##next
"""
VOCABULARY = _PIECES.split()
PIECES = WordPieces(VOCABULARY)


def read(text: str) -> list[str]:
    return [VOCABULARY[one] for one in PIECES.read(text, most=1_000)][1:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Unaffable HELLO", ["un", "##aff", "##able", "hello"]),
        ("don't_stop", ["don", "'", "t", "_", "stop"]),
        ("Naïve Café, ŁODZ", ["naive", "cafe", "[UNK]", "[UNK]"]),
        ("日本", ["日", "本"]),
        ("a\x01b\u200bb a\tb a\r\nb", ["ab", "##b", "a", "b", "a", "b"]),
        ("a\ufffdb", ["ab"]),
        ("zero\u00a0hello line\u0085next", ["zero", "hello", "line", "##next"]),
        ((SMALL + OTHER + SMALL).upper(), [SMALL + OTHER + SMALL]),
        ((OTHER + SMALL).upper(), [OTHER, f"##{SMALL}"]),
        ("[SEP]", ["[", "sep", "]"]),
        ("“#12!", ["“", "#", "12", "!"]),
        ("hellohello", ["[UNK]"]),
        ("b" * 100, ["b", *["##b"] * 99]),
        ("b" * 101, ["[UNK]"]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_a_text_is_cut_as_the_reference_cuts_it(text: str, expected: list[str]) -> None:
    assert read(text) == expected


def test_the_signs_of_the_encoder_stand_around_it_and_it_is_no_longer_than_allowed() -> None:
    whole = PIECES.read("a b a b a", most=7)

    assert whole == [PIECES.first, *(VOCABULARY.index(one) for one in "ababa"), PIECES.last]
    assert PIECES.read("a b a b a", most=4) == [*whole[:3], PIECES.last]
    assert PIECES.read("a b unaffable", most=5) == [*whole[:3], VOCABULARY.index("un"), whole[-1]]


@given(st.text(max_size=200))
def test_every_text_can_be_read(text: str) -> None:
    found = PIECES.read(text, most=32)

    assert 2 <= len(found) <= 32
    assert (found[0], found[-1]) == (PIECES.first, PIECES.last)
