"""Training on a few made-up texts."""

import numpy as np
import pytest

from models.sentiment import probabilities
from models.sentiment_training import FOLDS, Labelled, fit, folds, out_of_fold, train

LEXICON = {"fine": 2.0, "bad": -2.0}
WORDS = (("awful", "broken", "bad"), ("moved", "returns", "module"), ("lovely", "thanks", "fine"))
TEXTS = tuple(
    f"{WORDS[number % 3][number % 2]} {'abcdefghij'[number % 10]} {WORDS[number % 3][2]}"
    for number in range(90)
)
LABELLED = Labelled(TEXTS, np.arange(90) % 3)


def test_what_it_was_taught_it_knows() -> None:
    said = probabilities(fit(LABELLED, {}), ["lovely thanks", "broken awful", "it returns"])

    assert said.argmax(axis=1).tolist() == [2, 0, 1]


def test_it_is_the_same_each_time() -> None:
    one, two = fit(LABELLED, LEXICON), fit(LABELLED, LEXICON)

    assert np.array_equal(one.grams, two.grams)


def test_what_is_plain_has_no_signals() -> None:
    plain = fit(LABELLED, LEXICON, is_plain=True)

    assert not plain.signals.any()
    assert fit(LABELLED, LEXICON).signals.any()


def test_texts_that_read_the_same_are_in_one_fold() -> None:
    found = folds(["Thanks!", "thanks :)", "THANKS 2", "no thanks"])

    assert len(set(found[:3])) == 1
    assert set(folds([f"text {one}" for one in map(chr, range(97, 123))])) == set(range(FOLDS))


def test_what_a_fold_says_it_has_not_seen() -> None:
    """Labels that nothing tells: whoever has seen a text knows its label, nobody else can."""
    chance = np.random.default_rng(3)
    noise = Labelled(
        tuple("".join(chance.choice(list("abcdefgh"), 12)) for _ in range(200)),
        chance.integers(0, 3, 200),
    )

    assert (out_of_fold(noise, {}).argmax(axis=1) == noise.labels).mean() < 0.5
    seen = probabilities(fit(noise, {}), noise.texts)
    assert (seen.argmax(axis=1) == noise.labels).mean() > 0.7


def test_the_temperature_makes_what_is_said_likelier() -> None:
    found = train(LABELLED, LEXICON)

    assert found.temperature != pytest.approx(1)
    assert np.array_equal(found.grams, fit(LABELLED, LEXICON).grams)
    said = out_of_fold(LABELLED, LEXICON)
    assert train(LABELLED, LEXICON, unseen=said).temperature == found.temperature


def test_what_tells_the_classes_apart_weighs_more_than_what_is_as_rare() -> None:
    telling, not_telling = ("wind", "moth", "leaf"), ("lamp", "door", "road")
    texts = tuple(f"{telling[one % 3]} {not_telling[one // 3 % 3]}" for one in range(45))
    labelled = Labelled(texts, np.arange(45) % 3)
    plain, found = fit(labelled, {}, is_plain=True), fit(labelled, {})
    moth, lamp = (found.words[one] for one in ("moth", "lamp"))

    assert plain.idf[moth] == plain.idf[lamp]
    assert found.idf[moth] > plain.idf[moth] > found.idf[lamp] > 0
