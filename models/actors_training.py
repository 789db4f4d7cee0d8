"""Finds the weights of ``models.actors`` from accounts that people have labelled."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from models.actors import (
    BOT,
    KNOTS,
    NAME_SIGNS,
    Floats,
    Weights,
    hats,
    name_signs,
    pieces_of,
    probabilities,
    spelled,
    weighed,
)
from models.behaviour import FEATURES

Integers = NDArray[np.int64]

HELD_OUT = 5
"""One account in so many is kept from training, to judge what is trained."""
_NAMES_WITH_PIECE = 3
_QUANTILES = 21
_SPELLING_STRENGTH = 3.0
_STRENGTH = 0.1
"""The inverse of how much large weights are held against a model."""
_FOLDS = 5
_STEM = 8
_SMALLEST = 0.05
"""Signs that hardly differ are not blown up."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """``numbers`` has a row of ``FEATURES`` for each login; 1 is a program."""

    logins: tuple[str, ...]
    numbers: Floats
    labels: Integers

    def of(self, chosen: Integers) -> "Labelled":
        return Labelled(
            tuple(self.logins[one] for one in chosen), self.numbers[chosen], self.labels[chosen]
        )


def train(labelled: Labelled) -> Weights:
    """The spelling counts as much as it is worth for names that it was not learnt from."""
    unseen = np.empty(len(labelled.labels))
    fold = folds(labelled, _FOLDS)
    for number in range(_FOLDS):
        weights = _spelling(labelled.of(np.flatnonzero(fold != number)))
        chosen = np.flatnonzero(fold == number)
        unseen[chosen] = spelled(weights, labelled.of(chosen).logins)
    return _added(labelled, unseen, _spelling(labelled))


def out_of_fold(labelled: Labelled, *, number: int, seed: int) -> Floats:
    """Of each account what a model says that has seen neither it nor one that is like it."""
    fold = folds(labelled, number, seed=seed)
    said = np.empty(len(labelled.labels))
    for one in range(number):
        held_out = labelled.of(np.flatnonzero(fold == one))
        weights = train(labelled.of(np.flatnonzero(fold != one)))
        said[fold == one] = probabilities(weights, held_out.logins, held_out.numbers)
    return said


def split(labelled: Labelled) -> tuple[Labelled, Labelled]:
    """What is trained with, and what is held out from every training."""
    fold = folds(labelled, HELD_OUT)
    return labelled.of(np.flatnonzero(fold != 0)), labelled.of(np.flatnonzero(fold == 0))


def said(weights: Weights, accounts: Labelled) -> Integers:
    """1 where the model takes an account for a program."""
    shares = probabilities(weights, accounts.logins, accounts.numbers)
    found: Integers = (shares >= BOT).astype(np.int64)
    return found


def folds(labelled: Labelled, number: int, *, seed: int = 0) -> Integers:
    """The fold of each account; those that are like each other have the same."""
    return np.array([_hash(f"{seed} {one}") % number for one in groups(labelled)])


def groups(labelled: Labelled) -> list[str]:
    """A name for each account, the same for those whose names begin with the same letters, bots and
    digits aside, or whose numbers are all the same: they are one owner's.
    """
    held: dict[str, str] = {}
    for login, row in zip(labelled.logins, labelled.numbers, strict=True):
        one, other = _root(held, stem(login)), _root(held, row.tobytes().hex())
        held[max(one, other)] = min(one, other)
    return [_root(held, stem(login)) for login in labelled.logins]


def stem(login: str) -> str:
    letters = re.sub(r"[^a-z]", "", login.lower().removesuffix("[bot]"))
    return (re.sub(r"(?:ro)?bots?$", "", letters) or letters)[:_STEM]


def _root(held: dict[str, str], one: str) -> str:
    while (further := held.setdefault(one, one)) != one:
        one = further
    return one


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def _spelling(labelled: Labelled) -> Weights:
    """Weights of the pieces alone; nothing else adds to it yet."""
    seen = Counter(piece for one in labelled.logins for piece in set(pieces_of(one)))
    often = sorted(one for one, number in seen.items() if number >= _NAMES_WITH_PIECE)
    pieces = {one: place for place, one in enumerate(often)}
    size = len(labelled.logins)
    idf = np.log((1 + size) / (1 + np.array([seen[one] for one in often]))) + 1
    rows, columns, values = weighed(labelled.logins, pieces, idf)
    matrix = sparse.csr_matrix((values, (rows, columns)), shape=(size, len(pieces)))
    spelling, intercept = _logistic(matrix, labelled.labels, _SPELLING_STRENGTH)
    return Weights(
        pieces=pieces, idf=idf, spelling=spelling, spelling_intercept=intercept,
        spelling_effect=0.0, spelling_mean=0.0,
        grid=np.zeros((len(FEATURES), _QUANTILES)),
        effects=np.zeros((len(FEATURES), KNOTS + 1)), names=np.zeros(len(NAME_SIGNS)),
        names_mean=np.zeros(len(NAME_SIGNS)), intercept=0.0,
        share=float(labelled.labels.mean()),
    )  # fmt: skip


def _added(labelled: Labelled, unseen: Floats, spelling: Weights) -> Weights:
    """All parts together, each measured in its own spread; what is found is told in plain numbers,
    0 being the average account.
    """
    grid = np.nanquantile(labelled.numbers, np.linspace(0, 1, _QUANTILES), axis=0).T
    near = hats(labelled.numbers, grid).reshape(len(labelled.labels), -1)
    signs = np.array([name_signs(one) for one in labelled.logins])
    table = np.hstack([near, signs, unseen[:, None]])
    means, spreads = table.mean(axis=0), np.maximum(table.std(axis=0), _SMALLEST)
    found, intercept = _logistic((table - means) / spreads, labelled.labels, _STRENGTH)
    plain = found / spreads
    size, width = near.shape[1], signs.shape[1]
    effects = plain[:size].reshape(len(FEATURES), -1)
    # Of each number the places add up to one, so its average can be taken from all of them.
    centred = effects - (effects * means[:size].reshape(effects.shape)).sum(axis=1, keepdims=True)
    return replace(
        spelling, grid=grid, effects=centred, names=plain[size : size + width],
        names_mean=means[size : size + width], spelling_effect=float(plain[-1]),
        spelling_mean=float(means[-1]), intercept=intercept,
    )  # fmt: skip


def _logistic(
    table: Floats | sparse.csr_matrix, labels: Integers, strength: float
) -> tuple[Floats, float]:
    """Logistic regression with large weights held against it; weights and intercept."""
    across = table.T

    def loss(flat: Floats) -> tuple[float, Floats]:
        logits = table @ flat[1:] + flat[0]
        wrong = 1 / (1 + np.exp(-logits)) - labels
        size = (flat[1:] ** 2).sum() / (2 * strength)
        value = np.logaddexp(0, logits).sum() - labels @ logits + size
        return float(value), np.append(wrong.sum(), across @ wrong + flat[1:] / strength)

    start = np.zeros(table.shape[1] + 1)
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    return found[1:], float(found[0])
