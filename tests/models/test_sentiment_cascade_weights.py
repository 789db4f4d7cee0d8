"""The file of the upper layers."""

from dataclasses import fields
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from gitinsight.cards.catalogue import card
from gitinsight.errors import BrokenEnvironment, WeightsMissing
from models.embeddings import Encoder, Layer
from models.sentiment_cascade import Tuned, read
from models.sentiment_cascade_weights import FILE, NAME, packed, shipped, unpacked
from tests.support.encoders import VOCABULARY, small_tensors

ENCODER = Encoder(small_tensors(), VOCABULARY)
BASE = (ENCODER.layers[0], *ENCODER.layers)
CHANCE = np.random.default_rng(6)
TUNED = Tuned(
    tuple(
        Layer(
            **{
                one.name: getattr(layer, one.name)
                + CHANCE.normal(0, 0.01, getattr(layer, one.name).shape).astype(np.float32)
                for one in fields(Layer)
            }
        )
        for layer in ENCODER.layers
    ),
    CHANCE.normal(size=(384, 3)).astype(np.float32),
    CHANCE.normal(size=3).astype(np.float32),
)


def test_what_is_read_says_what_was_written() -> None:
    found = unpacked(packed(TUNED, BASE), BASE)
    texts = ["the window crash", "a wallet closes", "sync error, then a crash"]

    for before, after in zip(TUNED.layers, found.layers, strict=True):
        for one in fields(Layer):
            moved = np.abs(getattr(after, one.name) - getattr(before, one.name))
            assert moved.max() < 0.05 / 127, one.name
    assert len(found.layers) == 2
    assert np.allclose(read(ENCODER, found, texts), read(ENCODER, TUNED, texts), atol=0.01)


def test_layers_that_were_not_changed_are_the_encoders() -> None:
    same = Tuned(ENCODER.layers, TUNED.head, TUNED.intercept)
    found = unpacked(packed(same, BASE), BASE)

    assert np.array_equal(found.layers[1].inner, ENCODER.layers[1].inner)


def test_the_card_is_about_this_file_and_it_is_small() -> None:
    content = FILE.read_bytes()

    assert sha256(content).hexdigest() == card(NAME).sha256
    assert len(content) == card(NAME).size_bytes < 8_000_000
    assert len(unpacked(content, (*BASE, *BASE)).layers) == 4


def test_a_file_of_somebody_else_is_not_believed() -> None:
    with pytest.raises(BrokenEnvironment, match=f"{NAME} are not those of its card"):
        card(NAME).genuine(packed(TUNED, BASE))


def test_without_the_encoders_weights_there_is_no_cascade(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="gitinsight models fetch"):
        shipped(tmp_path)
