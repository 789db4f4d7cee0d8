"""The weights of ``models.actors`` as a file, and those that this package carries."""

from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np

from gitinsight.cards.catalogue import card
from models.actors import Weights

NAME = "actors"
FILE = files("models") / "weights" / f"{NAME}.npz"
_ARRAYS = ("idf", "spelling", "grid", "effects", "names", "names_mean")
_NUMBERS = ("spelling_mean", "intercept", "share")


def packed(weights: Weights) -> bytes:
    """The same bytes for the same weights. No piece has a line break in it."""
    stream = BytesIO()
    np.savez_compressed(
        stream,
        allow_pickle=False,
        pieces=np.frombuffer("\n".join(weights.pieces).encode(), dtype=np.uint8),
        **{name: getattr(weights, name).astype(np.float32) for name in _ARRAYS},
        **{name: np.array(getattr(weights, name)) for name in _NUMBERS},
    )
    return stream.getvalue()


def unpacked(content: bytes) -> Weights:
    with np.load(BytesIO(content), allow_pickle=False) as held:
        pieces = bytes(held["pieces"]).decode().split("\n")
        told: dict[str, Any] = {name: held[name].astype(np.float64) for name in _ARRAYS}
        told |= {name: float(held[name]) for name in _NUMBERS}
        if "spelling_effect" in held:
            # Trained before 2026-11-29, when spelling was learnt by itself and then weighed.
            effect, intercept = float(held["spelling_effect"]), float(held["spelling_intercept"])
            told["spelling"] *= effect
            told["spelling_mean"] = (told["spelling_mean"] - intercept) * effect
    return Weights(pieces={piece: place for place, piece in enumerate(pieces)}, **told)


@cache
def shipped() -> Weights:
    """BrokenEnvironment where the file is not the one that the card is about."""
    return unpacked(card(NAME).genuine(FILE.read_bytes()))
