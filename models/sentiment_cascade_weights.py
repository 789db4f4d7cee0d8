"""The upper layers of ``models.sentiment_cascade`` as a file, and those that this package carries.

Kept is by how much they differ from the encoder's own, in steps of a size of each column's own: a
quarter of the room, and half a step is far below what teaching has moved. They stand on the
encoder's lower layers, which the state directory holds.
"""

from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np

from gitinsight.cards.catalogue import card
from models import sentiment_weights
from models.embeddings import Layer
from models.embeddings_weights import encoder
from models.sentiment_cascade import Cascade, Tuned

NAME = "sentiment-cascade"
FILE = files("models") / "weights" / f"{NAME}.npz"
_STEPS = 127
_FIELDS = tuple(one.name for one in fields(Layer))


def packed(tuned: Tuned, base: Sequence[Layer]) -> bytes:
    """The same bytes for the same weights; ``base`` are the encoder's layers, all of them."""
    held = {
        "head": tuned.head, "intercept": tuned.intercept, "layers": np.array(len(tuned.layers)),
    }  # fmt: skip
    for number, (layer, before) in enumerate(
        zip(tuned.layers, base[-len(tuned.layers) :], strict=True)
    ):
        for name in _FIELDS:
            moved = getattr(layer, name) - getattr(before, name)
            size = np.abs(moved).max(axis=0, keepdims=True) / _STEPS
            size[size == 0] = 1
            held[f"{number}.{name}"] = np.round(moved / size).astype(np.int8)
            held[f"{number}.{name}.step"] = size.astype(np.float32)
    stream = BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **held)
    return stream.getvalue()


def unpacked(content: bytes, base: Sequence[Layer]) -> Tuned:
    with np.load(BytesIO(content), allow_pickle=False) as held:
        before = base[len(base) - int(held["layers"]) :]
        layers = [
            Layer(
                **{
                    name: getattr(layer, name)
                    + held[f"{number}.{name}"] * held[f"{number}.{name}.step"]
                    for name in _FIELDS
                }
            )
            for number, layer in enumerate(before)
        ]
        return Tuned(tuple(layers), held["head"], held["intercept"])


@lru_cache(maxsize=1)
def shipped(state_dir: Path) -> Cascade:
    """Of this process; WeightsMissing where the encoder's are not held, BrokenEnvironment where
    the file is not the one that the card is about.
    """
    read = encoder(state_dir)
    content = card(NAME).genuine(FILE.read_bytes())
    return Cascade(sentiment_weights.shipped(), unpacked(content, read.layers), read)
