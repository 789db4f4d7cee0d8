"""Finds the weights of ``models.sentiment`` from texts that people have labelled."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
from scipy import optimize, sparse

from models.letter_pieces import LetterPieces, pieces
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
)

FOLDS = 5
_TEXTS_WITH_WORD = 2
_TEXTS_WITH_PIECE = 3
_STRENGTH = 2.0
"""The inverse of how much large weights are held against a model."""
_TELLING = 0.5
"""How far a gram that tells the classes apart weighs more than one that is as rare."""
_ITERATIONS = 100
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


def train(
    labelled: Labelled, lexicon: Mapping[str, float], *, unseen: Floats | None = None
) -> Weights:
    """The temperature is that under which what folds say of texts is likeliest: ``unseen``, where
    they have been asked before.
    """
    if unseen is None:
        unseen = out_of_fold(labelled, lexicon)
    chosen = np.arange(len(labelled.labels))
    losses = [
        -np.log(tempered(unseen, one)[chosen, labelled.labels]).sum() for one in _TEMPERATURES
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


def fit(labelled: Labelled, lexicon: Mapping[str, float], *, is_plain: bool = False) -> Weights:
    """Where it ``is_plain`` it is TF-IDF and nothing else."""
    texts, read = labelled.texts, [tokens(one) for one in labelled.texts]
    words = {
        gram: place
        for place, gram in enumerate(
            _known((set(word_grams(one)) for one in read), _TEXTS_WITH_WORD)
        )
    }
    in_words = ({gram for word in one.lower().split() for gram in pieces(word)} for one in texts)
    known = LetterPieces(_known(in_words, _TEXTS_WITH_PIECE), len(words))
    counted = count(texts, read, words, known)
    size = len(words) + len(known)
    holding = np.bincount(counted.columns, minlength=size)
    found = signals(texts, read, lexicon) * (not is_plain)
    idf = np.log((1 + len(texts)) / (1 + holding)) + 1
    if not is_plain:
        classes = labelled.labels[counted.rows]
        holding = np.array(
            [
                np.bincount(counted.columns[classes == one], minlength=size)
                for one in range(len(CLASSES))
            ]
        )
        idf *= np.hstack([_telling(one) for one in np.split(holding, [len(words)], axis=1)])
    empty = Weights(
        words, known, lexicon, idf, np.zeros((size, len(CLASSES))),
        np.zeros((found.shape[1], len(CLASSES))), np.zeros(len(CLASSES)), 1.0,
    )  # fmt: skip
    features = _matrix(weighed(counted, empty), found, size)
    coefficients, intercept = _logistic(features, labelled.labels)
    return replace(
        empty, grams=coefficients[:size], signals=coefficients[size:], intercept=intercept
    )


def _telling(holding: Integers) -> Floats:
    """A factor for each gram, by how many texts of each class hold it: one on average, and more
    the likelier it is in some class than in the others. What a model may only learn from few texts
    it cannot tell by small weights.
    """
    inside, outside = holding + 1.0, holding.sum(axis=0) - holding + 1.0
    inside, outside = (one / one.sum(axis=1, keepdims=True) for one in (inside, outside))
    found = np.abs(np.log(inside / outside)).max(axis=0)
    average = (found * holding.sum(axis=0)).sum() / max(holding.sum(), 1)
    factors: Floats = (1 - _TELLING) + _TELLING * found / (average or 1.0)
    return factors


def _known(documents: Iterable[set[str]], texts: int) -> list[str]:
    """Grams of so many texts, in their order."""
    found: Counter[str] = Counter()
    for one in documents:
        found.update(one)
    return sorted(gram for gram, number in found.items() if number >= texts)


def _matrix(counted: Counted, found: Floats, size: int) -> sparse.csr_matrix:
    grams = sparse.csr_matrix(
        (counted.values, (counted.rows, counted.columns)), shape=(len(found), size)
    )
    return sparse.hstack([grams, sparse.csr_matrix(found)]).tocsr().astype(np.float32)


def _logistic(features: sparse.csr_matrix, labels: Integers) -> tuple[Floats, Floats]:
    """Multinomial logistic regression, every class with the same say; weights and intercept."""
    wanted = np.eye(len(CLASSES), dtype=np.float32)[labels]
    say = (len(labels) / (len(CLASSES) * wanted.sum(axis=0)))[labels][:, None]
    across, width = features.T.tocsr(), features.shape[1]

    def loss(exact: Floats) -> tuple[float, Floats]:
        flat = exact.astype(np.float32)
        weights, intercept = flat[len(CLASSES) :].reshape(width, -1), flat[: len(CLASSES)]
        logits = features @ weights + intercept
        logits -= logits.max(axis=1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        wrong = (np.exp(logs) - wanted) * say
        size = (weights * weights).sum() / (2 * _STRENGTH)
        slope = across @ wrong + weights / _STRENGTH
        value = float(size - (say * wanted * logs).sum())
        return value, np.append(wrong.sum(axis=0), slope).astype(np.float64)

    start = np.zeros((width + 1) * len(CLASSES))
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS}
    ).x
    return found[len(CLASSES) :].reshape(width, -1), found[: len(CLASSES)]


def tempered(shares: Floats, temperature: float) -> Floats:
    powers = shares ** (1 / temperature)
    tempered: Floats = powers / powers.sum(axis=1, keepdims=True)
    return tempered
