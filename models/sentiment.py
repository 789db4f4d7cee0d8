"""Whether what somebody wrote sounds pleased, displeased or neither, and how sure that is.

A linear model over words, pieces of words and the signals of a lexicon; what it is worth is in
``docs/models/sentiment.md``. It says nothing of a text that is not English or has no words, and
``unsure`` where no class is likely enough.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.letter_pieces import LetterPieces
from models.lexical_signals import signals, tokens
from models.plain_text import Unreadable, plain, unreadable

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Label = Literal["negative", "neutral", "positive", "unsure"]
CLASSES: tuple[Label, ...] = ("negative", "neutral", "positive")
SURE = 0.6
"""Of a class that is less likely than this nothing is said."""
LETTERS = 2_000
"""Of longer texts the beginning is judged: they grow by what is pasted into them."""

_DIGITS = 4
_AT_ONCE = 512
"""Texts whose grams are counted together: they stay near the processor."""


@dataclass(frozen=True, slots=True)
class Tone:
    """Probabilities of the classes; None, with the reason, where the text cannot be read."""

    label: Label | None
    negative_ratio: float | None
    neutral_ratio: float | None
    positive_ratio: float | None
    unscored_reason: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """What training has found. ``words`` and ``pieces`` give each gram its row in ``idf`` and
    ``grams``; logits are divided by ``temperature``, which makes them honest.
    """

    words: Mapping[str, int]
    pieces: LetterPieces
    lexicon: Mapping[str, float]
    idf: Floats
    grams: Floats
    signals: Floats
    intercept: Floats
    temperature: float


@dataclass(frozen=True, slots=True)
class Counted:
    """A sparse matrix, entry by entry: text, gram, and what the gram weighs in the text."""

    rows: Integers
    columns: Integers
    values: Floats


def score(weights: Weights, texts: Sequence[str]) -> list[Tone]:
    """The tone of texts as they were written, Markdown and all."""
    return told(texts, partial(probabilities, weights))


def told(texts: Sequence[str], judge: Callable[[Sequence[str]], Floats]) -> list[Tone]:
    """The same by any model, which gets what can be read of the texts."""
    read = [plain(one)[:LETTERS] for one in texts]
    reasons = [unreadable(one) for one in read]
    readable = [text for text, reason in zip(read, reasons, strict=True) if reason is None]
    found = iter(judge(readable).tolist())
    return [
        _tone(next(found)) if reason is None else Tone(None, None, None, None, reason)
        for reason in reasons
    ]


def probabilities(weights: Weights, texts: Sequence[str]) -> Floats:
    """Of each class, of texts that are plain already."""
    found = np.empty((len(texts), len(CLASSES)))
    for start in range(0, len(texts), _AT_ONCE):
        found[start : start + _AT_ONCE] = _shares(weights, texts[start : start + _AT_ONCE])
    return found


def _shares(weights: Weights, texts: Sequence[str]) -> Floats:
    read = [tokens(one) for one in texts]
    counted = weighed(count(texts, read, weights.words, weights.pieces), weights)
    logits = weights.intercept + signals(texts, read, weights.lexicon) @ weights.signals
    parts = weights.grams[counted.columns] * counted.values[:, None]
    for number in range(len(CLASSES)):
        logits[:, number] += np.bincount(counted.rows, parts[:, number], minlength=len(texts))
    return softmax(logits / weights.temperature)


def softmax(logits: Floats) -> Floats:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    normalised: Floats = shares / shares.sum(axis=1, keepdims=True)
    return normalised


def count(
    texts: Sequence[str], read: Sequence[Sequence[str]], words: Mapping[str, int],
    pieces: LetterPieces,
) -> Counted:  # fmt: skip
    """How often each known gram stands in each text, as 1 + log of it."""
    width = len(words) + len(pieces)
    rows, columns = map(np.concatenate, zip(_words(read, words), pieces.found(texts), strict=True))
    cells, often = np.unique(rows * width + columns, return_counts=True)
    return Counted(*np.divmod(cells, max(width, 1)), 1.0 + np.log(often))


def _words(read: Sequence[Sequence[str]], words: Mapping[str, int]) -> tuple[Integers, Integers]:
    """Of each word or pair of words that is known, its text and its place."""
    known = [
        [place for place in map(words.get, word_grams(one)) if place is not None] for one in read
    ]
    sizes = [len(one) for one in known]
    places = np.fromiter(itertools.chain.from_iterable(known), np.int64, sum(sizes))
    return np.repeat(np.arange(len(read)), sizes), places


def weighed(counted: Counted, weights: Weights) -> Counted:
    """Rare grams weigh more; the words of a text have length one, and so have its pieces."""
    values = counted.values * weights.idf[counted.columns]
    blocks = counted.rows * 2 + (counted.columns >= len(weights.words))
    lengths = np.sqrt(np.bincount(blocks, values * values))
    return Counted(counted.rows, counted.columns, values / lengths[blocks])


def word_grams(read: Sequence[str]) -> list[str]:
    """Each token, and each two that follow each other."""
    return [*read, *map(" ".join, pairwise(read))]


def _tone(shares: Sequence[float]) -> Tone:
    best = max(range(len(CLASSES)), key=shares.__getitem__)
    label = CLASSES[best] if shares[best] >= SURE else "unsure"
    # Sums of many texts at once differ in the last digits from those of one.
    negative, neutral, positive = (round(one, _DIGITS) for one in shares)
    return Tone(label, negative, neutral, positive)
