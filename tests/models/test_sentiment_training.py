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


def test_without_signals_the_lexicon_does_not_matter() -> None:
    plain = fit(LABELLED, LEXICON, has_signals=False)

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
    tempered = train(LABELLED, LEXICON)

    assert tempered.temperature != pytest.approx(1)
    assert np.array_equal(tempered.grams, fit(LABELLED, LEXICON).grams)
