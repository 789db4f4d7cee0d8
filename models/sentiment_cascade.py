"""The tone of texts by two models: the fast one where it is sure, elsewhere the mean of both.

The second one reads what the lower layers of the encoder make of a text (``models.embeddings``)
with upper layers of its own, which were taught tone instead of topic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from models import sentiment
from models.embeddings import Encoder, Layer, Singles, through
from models.sentiment import CLASSES, Floats, Tone, Weights, softmax, told

EASY = 0.9
"""Where the fast model is so sure it is right: the other one would cost much and change little."""
PIECES = 128
"""Of words, of a text: what follows changes what is said of hardly any."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """Layers in place of the encoder's last ones, and what makes classes of their mean."""

    layers: tuple[Layer, ...]
    head: Singles
    intercept: Singles


@dataclass(frozen=True, slots=True)
class Cascade:
    fast: Weights
    tuned: Tuned
    encoder: Encoder


def score(cascade: Cascade, texts: Sequence[str]) -> list[Tone]:
    """The tone of texts as they were written, Markdown and all."""
    return told(texts, partial(probabilities, cascade))


def probabilities(cascade: Cascade, texts: Sequence[str]) -> Floats:
    """Of each class, of texts that are plain already."""
    shares = sentiment.probabilities(cascade.fast, texts)
    hard = np.flatnonzero(shares.max(axis=1, initial=0) < EASY)
    shares[hard] += read(cascade.encoder, cascade.tuned, [texts[one] for one in hard.tolist()])
    shares[hard] /= 2
    return shares


def read(encoder: Encoder, tuned: Tuned, texts: Sequence[str]) -> Floats:
    """What the second model says by itself."""
    logits = np.zeros((len(texts), len(CLASSES)))
    lower = encoder.layers[: -len(tuned.layers)]
    for batch in encoder.batches(texts, pieces=PIECES):
        hidden = through(lower, encoder.embedded(batch), batch.is_read)
        means = averaged(through(tuned.layers, hidden, batch.is_read), batch.is_read)
        logits[batch.places] = means @ tuned.head + tuned.intercept
    return softmax(logits)


def averaged(hidden: Singles, is_read: "np.typing.NDArray[np.bool_]") -> Singles:
    """Over the pieces that were read."""
    means: Singles = np.einsum("tpd,tp->td", hidden, is_read.astype(np.float32))
    means /= is_read.sum(axis=1, dtype=np.float32)[:, None]
    return means
