"""The weights of ``models.sentiment`` as a file, and those that this package carries.

The file is NumPy's own archive of plain arrays: it holds no objects, so that reading it runs
nothing, and it is believed only where its digest is the one that the model's card names.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np

from gitinsight.cards.catalogue import card
from models.letter_pieces import LetterPieces
from models.sentiment import Weights

NAME = "sentiment"
FILE = files("models") / "weights" / f"{NAME}.npz"
_BETWEEN = "\n"
"""No gram has a line break in it."""


def packed(weights: Weights) -> bytes:
    """The same bytes for the same weights; those of grams as 16 bits, which moves no figure."""
    stream = BytesIO()
    np.savez_compressed(
        stream,
        words=_lines(list(weights.words)),
        pieces=_lines(weights.pieces.grams),
        charged=_lines(list(weights.lexicon)),
        charges=np.array(list(weights.lexicon.values())),
        idf=weights.idf.astype(np.float16),
        grams=weights.grams.astype(np.float16),
        signals=weights.signals,
        intercept=weights.intercept,
        temperature=np.array(weights.temperature),
    )
    return stream.getvalue()


def unpacked(content: bytes) -> Weights:
    with np.load(BytesIO(content), allow_pickle=False) as held:
        words, pieces, charged = (
            bytes(held[name]).decode().split(_BETWEEN) for name in ("words", "pieces", "charged")
        )
        return Weights(
            words={gram: place for place, gram in enumerate(words)},
            pieces=LetterPieces(pieces, len(words)),
            lexicon=dict(zip(charged, held["charges"].tolist(), strict=True)),
            idf=held["idf"].astype(np.float64),
            grams=held["grams"].astype(np.float64),
            signals=held["signals"],
            intercept=held["intercept"],
            temperature=float(held["temperature"]),
        )


@cache
def shipped() -> Weights:
    """BrokenEnvironment where the file is not the one that the card is about."""
    return unpacked(card(NAME).genuine(FILE.read_bytes()))


def _lines(grams: Sequence[str]) -> "np.typing.NDArray[np.uint8]":
    return np.frombuffer(_BETWEEN.join(grams).encode(), dtype=np.uint8)
