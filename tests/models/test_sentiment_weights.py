"""The file of the weights."""

from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest

from gitinsight.cards.catalogue import card
from gitinsight.errors import BrokenEnvironment
from models.sentiment import probabilities
from models.sentiment_weights import FILE, packed, shipped, unpacked

TEXTS = ["Great work, thanks!", "This is horrible.", "It returns a list."]


def test_what_is_read_says_what_was_written() -> None:
    content = packed(shipped())

    assert content == packed(unpacked(content))
    assert np.allclose(probabilities(unpacked(content), TEXTS), probabilities(shipped(), TEXTS))


def test_the_card_is_about_this_file_and_it_is_small() -> None:
    content = FILE.read_bytes()

    assert sha256(content).hexdigest() == card("sentiment").sha256
    assert len(content) == card("sentiment").size_bytes < 2_000_000


def test_a_file_of_somebody_else_is_not_believed() -> None:
    content = bytearray(FILE.read_bytes())
    content[-1] ^= 1

    with pytest.raises(BrokenEnvironment, match="not those of its card"):
        card("sentiment").genuine(bytes(content))


def test_a_file_with_objects_in_it_is_not_read() -> None:
    stream = BytesIO()
    np.savez(stream, words=np.array([{"run": "me"}], dtype=object))

    with pytest.raises(ValueError, match="allow_pickle"):
        unpacked(stream.getvalue())
