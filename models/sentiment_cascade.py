"""The tone of texts by two models: the fast one where it is sure, elsewhere the mean of both.

The second one reads what the lower layers of the encoder make of a text (``models.embeddings``)
with upper layers of its own, which were taught tone instead of topic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from models import sentiment
from models.embeddings import Encoder, Layer, Singles, gathered, through
from models.one_thread import one_thread
from models.sentiment import CLASSES, Floats, Tone, Weights, softmax, told

EASY = 0.9
"""Where the fast model is so sure it is right: the other one would cost much and change little."""
PIECES = 128
"""Of words, of a text: what follows changes what is said of hardly any."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """Layers in place of the encoder's last ones, and what makes classes of what the last of them
    gathers.
    """

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
    layers = (*encoder.layers[: -len(tuned.layers)], *tuned.layers[:-1])
    with one_thread():
        for batch in encoder.batches(texts, pieces=PIECES):
            hidden = through(layers, encoder.embedded(batch), batch.is_read)
            whole = gathered(tuned.layers[-1], hidden, batch.is_read)
            logits[batch.places] = whole @ tuned.head + tuned.intercept
    return softmax(logits)
