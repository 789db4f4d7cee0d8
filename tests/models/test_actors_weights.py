"""The file of the weights."""

from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest

from gitinsight.cards.catalogue import card
from gitinsight.errors import BrokenEnvironment
from models.actors import probabilities
from models.actors_weights import FILE, packed, shipped, unpacked
from models.behaviour import FEATURES

LOGINS = ("renovate[bot]", "ann", "talbot")
NUMBERS = np.arange(3.0)[:, None] + np.arange(len(FEATURES))


def test_what_is_read_says_what_was_written() -> None:
    content = packed(shipped())

    assert content == packed(unpacked(content))
    assert np.array_equal(
        probabilities(unpacked(content), LOGINS, NUMBERS), probabilities(shipped(), LOGINS, NUMBERS)
    )


def test_a_version_that_was_trained_before_says_what_it_said() -> None:
    with np.load(BytesIO(packed(shipped())), allow_pickle=False) as held:
        parts = {name: held[name] for name in held.files}
    mean = float(parts["spelling_mean"])
    parts |= {
        "spelling": parts["spelling"] / np.float32(2), "spelling_mean": np.array(mean / 2 + 0.5),
        "spelling_effect": np.array(2.0), "spelling_intercept": np.array(0.5),
    }  # fmt: skip
    stream = BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **parts)

    said = probabilities(unpacked(stream.getvalue()), LOGINS, NUMBERS)

    assert said == pytest.approx(probabilities(shipped(), LOGINS, NUMBERS))


def test_the_card_is_about_this_file_and_it_is_small() -> None:
    content = FILE.read_bytes()

    assert sha256(content).hexdigest() == card("actors").sha256
    assert len(content) == card("actors").size_bytes < 100_000


def test_a_file_of_somebody_else_is_not_believed() -> None:
    content = bytearray(FILE.read_bytes())
    content[-1] ^= 1

    with pytest.raises(BrokenEnvironment, match="not those of its card"):
        card("actors").genuine(bytes(content))


def test_it_names_no_account() -> None:
    """Pieces of at most five letters, each of several names."""
    assert max(map(len, shipped().pieces)) == 5
