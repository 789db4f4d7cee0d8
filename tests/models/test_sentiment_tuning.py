"""Teaching a small encoder with made-up weights."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models import sentiment_tuning
from models.embeddings import DIMENSIONS, Encoder, Singles
from models.sentiment_cascade import read
from models.sentiment_tuning import _batches, beginning, loss, lower, together, tune, tuned
from tests.support.encoders import VOCABULARY, small_tensors

ENCODER = Encoder(small_tensors(), VOCABULARY)
WORDS = ("crash error crash", "window and wallet", "close sync close")
TEXTS = [f"{['the', 'a', 'an', 'is'][one % 4]} {WORDS[one % 3]}" for one in range(48)]
LABELS = np.arange(48) % 3
HARD = np.ones(48, dtype=bool)


@pytest.fixture(autouse=True)
def two_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentiment_tuning, "LAYERS", 1)
    monkeypatch.setattr(sentiment_tuning, "_RATE", 2e-3)


def test_what_it_was_taught_it_knows_and_it_is_the_same_each_time() -> None:
    hidden = lower(ENCODER, TEXTS)
    one, two = (tune(ENCODER.layers[1:], hidden, LABELS, HARD, epochs=6) for _ in range(2))

    assert read(ENCODER, one, TEXTS).argmax(axis=1).tolist() == LABELS.tolist()
    assert np.array_equal(one.head, two.head)
    assert np.array_equal(one.layers[0].inner, two.layers[0].inner)


def test_the_loss_is_that_of_what_is_read() -> None:
    parameters = beginning(ENCODER.layers[1:], np.random.default_rng(1))
    wanted = np.eye(3, dtype=np.float32)[LABELS] / len(LABELS)
    hidden, is_read = together(lower(ENCODER, TEXTS))
    nothing_left_out = sentiment_tuning.Dropout(np.random.default_rng(1), 0)

    found, slopes = loss(parameters, hidden, is_read, wanted, nothing_left_out)
    said = read(ENCODER, tuned(parameters), TEXTS)[np.arange(48), LABELS]
    assert found == pytest.approx(-np.log(said).mean(), abs=1e-4)
    assert slopes.keys() == parameters.keys()


def test_a_class_of_few_texts_has_as_much_say() -> None:
    """Texts that nothing tells apart: nobody is taught that the frequent class is likely."""
    labels = np.array([0] * 8 + [1] * 32 + [2] * 8)
    hidden = lower(ENCODER, ["the window"] * 48)

    said = read(ENCODER, tune(ENCODER.layers[1:], hidden, labels, HARD, epochs=12), ["the window"])
    assert said.max() < 0.5


def test_all_is_read_once_and_then_what_is_hard() -> None:
    lengths, hard = np.arange(64), np.arange(32)
    read = list(_batches([np.arange(64), hard, hard], lengths, np.random.default_rng(1)))

    for number, texts in enumerate((np.arange(64), hard, hard)):
        batches = [one for done, one in read if number < 3 * done < number + 1]
        assert sorted(np.concatenate(batches)) == texts.tolist()
    assert [done for done, _ in read] == sorted({done for done, _ in read})


def test_what_is_easy_is_soon_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def noted(hidden: list[Singles]) -> tuple[Singles, NDArray[np.bool_]]:
        read.extend(int(one[0, 0]) for one in hidden)
        return together(hidden)

    monkeypatch.setattr(sentiment_tuning, "together", noted)
    hidden = [np.full((2, DIMENSIONS), one, dtype=np.float32) for one in range(48)]
    tune(ENCODER.layers[1:], hidden, LABELS, np.arange(48) < 16, epochs=3)

    assert sorted(read) == sorted([*range(48), *range(16), *range(16)])
