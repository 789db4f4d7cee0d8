"""Finds the weights of ``models.sentiment`` from texts that people have labelled."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
from scipy import optimize, sparse

from models.lexical_signals import signals, tokens
from models.sentiment import (
    CLASSES,
    Counted,
    Floats,
    Integers,
    Weights,
    count,
    probabilities,
    weighed,
    word_grams,
    word_pieces,
)

FOLDS = 5
_TEXTS_WITH_WORD = 2
_TEXTS_WITH_PIECE = 3
_STRENGTH = 2.0
"""The inverse of how much large weights are held against a model."""
_ITERATIONS = 150
_TEMPERATURES = np.linspace(0.6, 1.6, 101)
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Labelled:
    """Plain texts and of each the number of its class."""

    texts: tuple[str, ...]
    labels: Integers

    def of(self, chosen: Integers) -> "Labelled":
        return Labelled(tuple(self.texts[one] for one in chosen), self.labels[chosen])

    def __add__(self, other: "Labelled") -> "Labelled":
        return Labelled(self.texts + other.texts, np.concatenate([self.labels, other.labels]))


def train(labelled: Labelled, lexicon: Mapping[str, float]) -> Weights:
    """The temperature is that under which what folds say of unseen texts is likeliest."""
    unseen = out_of_fold(labelled, lexicon)
    chosen = np.arange(len(labelled.labels))
    losses = [
        -np.log(_tempered(unseen, one)[chosen, labelled.labels]).sum() for one in _TEMPERATURES
    ]
    return replace(fit(labelled, lexicon), temperature=float(_TEMPERATURES[int(np.argmin(losses))]))


def out_of_fold(labelled: Labelled, lexicon: Mapping[str, float]) -> Floats:
    """Of each text what a model says that has seen neither it nor one that reads the same."""
    fold = folds(labelled.texts)
    found = np.empty((len(labelled.texts), len(CLASSES)))
    for number in range(FOLDS):
        held_out = np.flatnonzero(fold == number)
        weights = fit(labelled.of(np.flatnonzero(fold != number)), lexicon)
        found[held_out] = probabilities(weights, labelled.of(held_out).texts)
    return found


def folds(texts: Sequence[str]) -> Integers:
    """The fold of each text, by its letters: what differs in signs and digits alone is the same."""
    return np.array([_number(one) % FOLDS for one in texts])


def _number(text: str) -> int:
    letters = " ".join(_LETTERS.findall(text.lower()))
    return int.from_bytes(blake2b(letters.encode(), digest_size=8).digest(), "big")


def fit(labelled: Labelled, lexicon: Mapping[str, float], *, has_signals: bool = True) -> Weights:
    """Without ``has_signals`` it is a plain TF-IDF model."""
    texts, read = labelled.texts, [tokens(one) for one in labelled.texts]
    words = _known((set(word_grams(one)) for one in read), _TEXTS_WITH_WORD, start=0)
    pieces = _known(
        ({gram for word in one.lower().split() for gram in word_pieces(word)} for one in texts),
        _TEXTS_WITH_PIECE, start=len(words),
    )  # fmt: skip
    counted = count(texts, read, words, pieces)
    size = len(words) + len(pieces)
    holding = np.bincount(counted.columns, minlength=size)
    found = signals(texts, read, lexicon) * has_signals
    empty = Weights(
        words, pieces, lexicon, np.log((1 + len(texts)) / (1 + holding)) + 1,
        np.zeros((size, len(CLASSES))), np.zeros((found.shape[1], len(CLASSES))),
        np.zeros(len(CLASSES)), 1.0,
    )  # fmt: skip
    features = _matrix(weighed(counted, empty), found, size)
    coefficients, intercept = _logistic(features, labelled.labels)
    return replace(
        empty, grams=coefficients[:size], signals=coefficients[size:], intercept=intercept
    )


def _known(documents: Iterable[set[str]], texts: int, *, start: int) -> dict[str, int]:
    """Grams of so many texts, in their order."""
    found: Counter[str] = Counter()
    for one in documents:
        found.update(one)
    often = sorted(gram for gram, number in found.items() if number >= texts)
    return {gram: start + place for place, gram in enumerate(often)}


def _matrix(counted: Counted, found: Floats, size: int) -> sparse.csr_matrix:
    grams = sparse.csr_matrix(
        (counted.values, (counted.rows, counted.columns)), shape=(len(found), size)
    )
    return sparse.hstack([grams, sparse.csr_matrix(found)]).tocsr()


def _logistic(features: sparse.csr_matrix, labels: Integers) -> tuple[Floats, Floats]:
    """Multinomial logistic regression, every class with the same say; weights and intercept."""
    wanted = np.eye(len(CLASSES))[labels]
    say = (len(labels) / (len(CLASSES) * wanted.sum(axis=0)))[labels][:, None]
    across, width = features.T.tocsr(), features.shape[1]

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights, intercept = flat[len(CLASSES) :].reshape(width, -1), flat[: len(CLASSES)]
        logits = features @ weights + intercept
        logits -= logits.max(axis=1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        wrong = (np.exp(logs) - wanted) * say
        size = (weights * weights).sum() / (2 * _STRENGTH)
        slope = across @ wrong + weights / _STRENGTH
        return size - (say * wanted * logs).sum(), np.append(wrong.sum(axis=0), slope)

    start = np.zeros((width + 1) * len(CLASSES))
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS}
    ).x
    return found[len(CLASSES) :].reshape(width, -1), found[: len(CLASSES)]


def _tempered(shares: Floats, temperature: float) -> Floats:
    powers = shares ** (1 / temperature)
    tempered: Floats = powers / powers.sum(axis=1, keepdims=True)
    return tempered
