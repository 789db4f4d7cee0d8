"""The encoder, with made-up weights, beside the same computed number by number."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.embeddings import DIMENSIONS, Encoder, Layer, gathered, pooled, through
from tests.support.encoders import VOCABULARY, small_tensors

Doubles = NDArray[np.float64]
TENSORS = small_tensors()
ENCODER = Encoder(TENSORS, VOCABULARY)
TEXTS = ["the window closes", "a window", "crash when the wallet is opened and then closes", ""]


def test_vectors_are_those_of_the_definition() -> None:
    found = ENCODER.encode(TEXTS)

    expected = [_by_definition(text) for text in TEXTS]
    assert np.abs(found - np.array(expected)).max() < 2e-5


def test_a_text_means_the_same_in_any_company() -> None:
    alone = np.vstack([ENCODER.encode([text]) for text in TEXTS])

    together = ENCODER.encode([*TEXTS, *TEXTS[::-1]])
    assert np.allclose(together, np.vstack([alone, alone[::-1]]), atol=1e-5)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)


def test_without_texts_there_are_no_vectors() -> None:
    assert ENCODER.encode([]).shape == (0, DIMENSIONS)


def test_of_a_long_text_the_beginning_is_read() -> None:
    start = "the window " * 10

    assert np.array_equal(ENCODER.encode([start], pieces=12), ENCODER.encode(["the window " * 5]))
    assert not np.array_equal(ENCODER.encode([start]), ENCODER.encode(["the window " * 5]))


def test_many_texts_are_read_in_batches_of_like_length() -> None:
    texts = ["a " * length for length in range(1, 150)]

    batches = list(ENCODER.batches(texts))
    assert sorted(place for one in batches for place in one.places) == list(range(len(texts)))
    assert max(one.numbers.size for one in batches) <= 256
    assert sum(one.is_read.sum() for one in batches) == sum(len(one.split()) + 2 for one in texts)


def test_upper_layers_can_be_others_over_the_same_lower_ones() -> None:
    (batch,) = ENCODER.batches(TEXTS)
    lower = through(ENCODER.layers[:1], ENCODER.embedded(batch), batch.is_read)

    same = pooled(through(ENCODER.layers[1:], lower, batch.is_read), batch.is_read)
    other = Layer.of(small_tensors(seed=9), "encoder.layer.1.")
    changed = pooled(through([other], lower, batch.is_read), batch.is_read)
    assert np.allclose(same[np.argsort(batch.places)], ENCODER.encode(TEXTS), atol=1e-6)
    assert np.abs(changed - same).max() > 1e-3


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=5))
def test_every_text_has_a_vector(texts: list[str]) -> None:
    found = ENCODER.encode(texts)

    assert np.isfinite(found).all()
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-4)


def _by_definition(text: str) -> list[float]:
    """Attention with twelve heads, then two products around GELU, each with its residue, as in
    "Attention Is All You Need" and BERT; in double precision, with the true error function.
    """
    (batch,) = ENCODER.batches([text])
    tensors = {name: np.asarray(one, dtype=np.float64) for name, one in TENSORS.items()}
    numbers = batch.numbers[0]
    start = "embeddings."
    hidden = _normed(
        tensors[f"{start}word_embeddings.weight"][numbers]
        + tensors[f"{start}position_embeddings.weight"][: len(numbers)]
        + tensors[f"{start}token_type_embeddings.weight"][0],
        tensors, f"{start}LayerNorm",
    )  # fmt: skip
    for number in range(2):
        layer = f"encoder.layer.{number}."
        query, key, value = (
            _product(hidden, tensors, f"{layer}attention.self.{name}")
            for name in ("query", "key", "value")
        )
        mixed = np.zeros_like(hidden)
        for head in range(12):
            part = slice(head * 32, head * 32 + 32)
            near = np.exp(query[:, part] @ key[:, part].T / math.sqrt(32))
            mixed[:, part] = near / near.sum(axis=1, keepdims=True) @ value[:, part]
        seen = _product(mixed, tensors, f"{layer}attention.output.dense")
        middle = _normed(seen + hidden, tensors, f"{layer}attention.output.LayerNorm")
        inner = _product(middle, tensors, f"{layer}intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        out = _product(inner, tensors, f"{layer}output.dense")
        hidden = _normed(out + middle, tensors, f"{layer}output.LayerNorm")
    mean = hidden.mean(axis=0)
    found: list[float] = (mean / np.linalg.norm(mean)).tolist()
    return found


def _product(hidden: Doubles, tensors: Mapping[str, Doubles], name: str) -> Doubles:
    found: Doubles = hidden @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]
    return found


def _normed(values: Doubles, tensors: Mapping[str, Doubles], name: str) -> Doubles:
    centred = values - values.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-12)
    found: Doubles = centred / spread * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]
    return found


def test_what_is_gathered_is_the_layer_for_the_mean_of_a_text() -> None:
    """As a piece more, which asks as the mean does and of which nobody takes anything."""
    hidden = np.random.default_rng(7).normal(size=(2, 3, DIMENSIONS)).astype(np.float32)
    is_read = np.array([[True, True, True], [True, True, False]])
    layer = ENCODER.layers[0]
    found = gathered(layer, hidden, is_read)

    for row, pieces in enumerate(is_read.sum(axis=1)):
        read = hidden[row : row + 1, :pieces]
        whole = np.concatenate([read, read.mean(axis=1, keepdims=True)], axis=1)
        others = np.arange(pieces + 1)[None] < pieces
        assert np.allclose(found[row], through([layer], whole, others)[0, -1], atol=1e-4)
