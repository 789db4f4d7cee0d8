"""Whether what somebody wrote sounds pleased, displeased or neither, and how sure that is.

A linear model over words, pieces of words and the signals of a lexicon; what it is worth is in
``docs/models/sentiment.md``. It says nothing of a text that is not English or has no words, and
``unsure`` where no class is likely enough.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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

_PIECES = range(2, 6)
_DIGITS = 4


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
    pieces: Mapping[str, int]
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
    if not texts:
        return np.empty((0, len(CLASSES)))
    read = [tokens(one) for one in texts]
    counted = weighed(count(texts, read, weights.words, weights.pieces), weights)
    logits = weights.intercept + signals(texts, read, weights.lexicon) @ weights.signals
    for number in range(len(CLASSES)):
        parts = counted.values * weights.grams[counted.columns, number]
        logits[:, number] += np.bincount(counted.rows, parts, minlength=len(texts))
    return softmax(logits / weights.temperature)


def softmax(logits: Floats) -> Floats:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    normalised: Floats = shares / shares.sum(axis=1, keepdims=True)
    return normalised


def count(
    texts: Sequence[str], read: Sequence[Sequence[str]], words: Mapping[str, int],
    pieces: Mapping[str, int],
) -> Counted:  # fmt: skip
    """How often each known gram stands in each text, as 1 + log of it."""
    width = len(words) + len(pieces)
    rows, columns = map(
        np.concatenate, zip(_words(read, words), _pieces(texts, pieces), strict=True)
    )
    cells, often = np.unique(rows * width + columns, return_counts=True)
    return Counted(*np.divmod(cells, max(width, 1)), 1.0 + np.log(often))


def _words(read: Sequence[Sequence[str]], words: Mapping[str, int]) -> tuple[Integers, Integers]:
    """Of each word or pair of words that is known, its text and its place."""
    return _flat([_known(word_grams(one), words) for one in read])


def _pieces(texts: Sequence[str], pieces: Mapping[str, int]) -> tuple[Integers, Integers]:
    """The same of pieces; those of a word are looked up once, however often it is written."""
    numbers: defaultdict[str, int] = defaultdict(itertools.count().__next__)
    rows, words = _flat([[numbers[word] for word in one.lower().split()] for one in texts])
    word, places = _flat([_known(word_pieces(one), pieces) for one in numbers])
    held = np.bincount(word, minlength=len(numbers))[words]
    first = np.searchsorted(word, words)
    # The places of a word lie together: they are reached from the first one on.
    ends = np.cumsum(held)
    steps = np.arange(held.sum()) - np.repeat(ends - held, held)
    return np.repeat(rows, held), places[np.repeat(first, held) + steps]


def _known(grams: Iterable[str], places: Mapping[str, int]) -> list[int]:
    return [place for place in map(places.get, grams) if place is not None]


def _flat(lists: Sequence[Sequence[int]]) -> tuple[Integers, Integers]:
    """The entries of all, each with the number of its list."""
    sizes = [len(one) for one in lists]
    entries = np.fromiter(itertools.chain.from_iterable(lists), np.int64, sum(sizes))
    return np.repeat(np.arange(len(lists)), sizes), entries


def weighed(counted: Counted, weights: Weights) -> Counted:
    """Rare grams weigh more; the words of a text have length one, and so have its pieces."""
    values = counted.values * weights.idf[counted.columns]
    blocks = counted.rows * 2 + (counted.columns >= len(weights.words))
    lengths = np.sqrt(np.bincount(blocks, values * values))
    return Counted(counted.rows, counted.columns, values / lengths[blocks])


def word_grams(read: Sequence[str]) -> list[str]:
    """Each token, and each two that follow each other."""
    return [*read, *map(" ".join, pairwise(read))]


def word_pieces(word: str) -> list[str]:
    """Pieces of two to five letters, with a space for where the word begins and ends."""
    padded = f" {word} "
    return [padded[at : at + size] for size in _PIECES for at in range(len(padded) - size + 1)]


def _tone(shares: Sequence[float]) -> Tone:
    best = max(range(len(CLASSES)), key=shares.__getitem__)
    label = CLASSES[best] if shares[best] >= SURE else "unsure"
    # Sums of many texts at once differ in the last digits from those of one.
    negative, neutral, positive = (round(one, _DIGITS) for one in shares)
    return Tone(label, negative, neutral, positive)
