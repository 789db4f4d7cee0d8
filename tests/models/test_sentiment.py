"""The tone of texts, by the weights that this package carries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.sentiment import SURE, probabilities, score
from models.sentiment_weights import shipped


def label(text: str) -> str | None:
    return score(shipped(), [text])[0].label


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This is awesome, thank you so much! :tada:", "positive"),
        ("Great work, I love it :)", "positive"),
        ("This is a horrible mess and I hate it.", "negative"),
        ("WTF, this sucks. What a stupid idea", "negative"),
        ("The function returns a list of integers.", "neutral"),
        ("I moved the constant to the other module", "neutral"),
    ],
)
def test_plain_cases(text: str, expected: str) -> None:
    assert label(text) == expected


def test_what_is_quoted_or_code_is_no_tone() -> None:
    own = "I moved the constant to the other module"
    said = score(
        shipped(), [own, f"> I hate this horrible mess!\n\n{own}\n\n```\nprint('hate')\n```"]
    )

    assert said[0] == said[1]


def test_what_cannot_be_read_is_not_scored_and_says_why() -> None:
    german, empty, english = score(shipped(), ["Das ist nicht gut und wird nie", "```x```", "Nice"])

    assert (german.label, german.positive_ratio, german.unscored_reason) == (
        None, None, "not_english",
    )  # fmt: skip
    assert empty.unscored_reason == "no_words"
    assert (english.label, english.unscored_reason) == ("positive", None)


def test_where_no_class_is_likely_it_says_so() -> None:
    told = score(shipped(), ["Hm sad", "Hm odd", "Hm bug", "Hm fine", "Hm no"])

    for one in told:
        best = max(one.negative_ratio or 0, one.neutral_ratio or 0, one.positive_ratio or 0)
        assert (one.label == "unsure") == (best < SURE)
    assert any(one.label == "unsure" for one in told)


def test_without_texts_there_is_nothing() -> None:
    assert score(shipped(), []) == []


@given(st.lists(st.text(max_size=300), min_size=1, max_size=8))
def test_a_text_is_judged_by_itself_and_shares_sum_to_one(texts: list[str]) -> None:
    together = score(shipped(), texts)

    assert [one for text in texts for one in score(shipped(), [text])] == together
    for one in together:
        if one.label is not None:
            shares = (one.negative_ratio, one.neutral_ratio, one.positive_ratio)
            assert sum(share or 0 for share in shares) == pytest.approx(1, abs=2e-4)


def test_the_rest_of_a_long_text_is_not_read() -> None:
    long = "Great. " * 400

    assert score(shipped(), [long])[0] == score(shipped(), [long + "I hate it. " * 100])[0]
    assert probabilities(shipped(), []).shape == (0, 3)
