"""Finds the weights of ``models.actors`` from accounts that people have labelled."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from models.actors import (
    BOT,
    Floats,
    Weights,
    hats,
    name_signs,
    pieces_of,
    probabilities,
    weighed,
)
from models.behaviour import FEATURES

Integers = NDArray[np.int64]

HELD_OUT = 5
"""One account in so many is kept from training, to judge what is trained."""
_NAMES_WITH_PIECE = 3
_QUANTILES = 21
_PLACES = 3
"""Low, middle, high: with five a curve follows single accounts."""
_SPELLING_STRENGTH = 3.0
_STRENGTHS = (0.1, 0.3, 1.0)
"""The inverse of how much large weights are held against a model, of pieces and of all else."""
_FOLDS = 3
_STEPS = 20
_SETTLED = 1e-6
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
    """All parts together. How strongly signs and numbers speak is what tells best of accounts that
    it was not learnt from.
    """
    table = _table(labelled)
    fold = folds(labelled, _FOLDS)
    strength = min(_STRENGTHS, key=lambda one: _loss(table.kernel(one), labelled.labels, fold))
    return table.weights(labelled, strength)


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


@dataclass(frozen=True, slots=True)
class _Table:
    """What each account has of each part: ``spelt`` of the pieces, ``plain`` of the places of all
    numbers and then of the signs, and ``even`` the same, each measured in its own spread.
    """

    pieces: dict[str, int]
    idf: Floats
    spelt: sparse.csr_matrix
    grid: Floats
    plain: Floats
    even: Floats
    spreads: Floats

    def kernel(self, strength: float) -> Floats:
        """How alike any two accounts are: far fewer numbers than the parts have weights."""
        spelt: Floats = (self.spelt @ self.spelt.T).toarray()
        alike: Floats = _SPELLING_STRENGTH * spelt + strength * (self.even @ self.even.T)
        return alike

    def weights(self, labelled: Labelled, strength: float) -> Weights:
        """What is found is told in plain numbers, 0 being the average account."""
        spoken, intercept = _logistic(self.kernel(strength), labelled.labels)
        spelling = _SPELLING_STRENGTH * (self.spelt.T @ spoken)
        found = strength * (self.even.T @ spoken) / self.spreads
        means = self.plain.mean(axis=0)
        size = len(FEATURES) * (_PLACES + 1)
        effects = found[:size].reshape(len(FEATURES), -1)
        # Of each number the places add up to one, so its average can be taken from all of them.
        usual = (effects * means[:size].reshape(effects.shape)).sum(axis=1, keepdims=True)
        mean = float((self.spelt @ spelling).mean())
        return Weights(
            pieces=self.pieces, idf=self.idf, spelling=spelling, spelling_mean=mean,
            grid=self.grid, effects=effects - usual, names=found[size:],
            names_mean=means[size:], intercept=intercept + mean,
            share=float(labelled.labels.mean()),
        )  # fmt: skip


def _table(labelled: Labelled) -> _Table:
    pieces, idf = _pieces(labelled.logins)
    rows, columns, values = weighed(labelled.logins, pieces, idf)
    shape = (len(labelled.logins), len(pieces))
    grid = np.nanquantile(labelled.numbers, np.linspace(0, 1, _QUANTILES), axis=0).T
    near = hats(labelled.numbers, grid, _PLACES).reshape(len(labelled.labels), -1)
    plain = np.hstack([near, [name_signs(one) for one in labelled.logins]])
    spreads = np.maximum(plain.std(axis=0), _SMALLEST)
    return _Table(
        pieces=pieces, idf=idf, spelt=sparse.csr_matrix((values, (rows, columns)), shape=shape),
        grid=grid, plain=plain, even=(plain - plain.mean(axis=0)) / spreads, spreads=spreads,
    )  # fmt: skip


def _pieces(logins: Sequence[str]) -> tuple[dict[str, int], Floats]:
    """Those that several names have, and how much each says by how rare it is."""
    seen = Counter(piece for one in logins for piece in set(pieces_of(one)))
    often = sorted(one for one, number in seen.items() if number >= _NAMES_WITH_PIECE)
    rare = np.log((1 + len(logins)) / (1 + np.array([seen[one] for one in often]))) + 1
    return {one: place for place, one in enumerate(often)}, rare


def _loss(kernel: Floats, labels: Integers, fold: Integers) -> float:
    """What a model is wrong by, on each fold by those who have not seen it."""
    logits = np.empty(len(labels))
    for number in range(_FOLDS):
        learnt, held_out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        spoken, intercept = _logistic(kernel[np.ix_(learnt, learnt)], labels[learnt])
        logits[held_out] = kernel[np.ix_(held_out, learnt)] @ spoken + intercept
    return float(np.logaddexp(0, logits).sum() - labels @ logits)


def _logistic(kernel: Floats, labels: Integers) -> tuple[Floats, float]:
    """Logistic regression with large weights held against it, by Newton's method: how much each
    account speaks for what is like it, and the intercept.
    """
    logits = np.zeros(len(labels))
    everyone = np.ones(len(labels))
    for _ in range(_STEPS):
        said = 1 / (1 + np.exp(-logits))
        doubt = np.maximum(said * (1 - said), np.finfo(float).eps)
        wanted = logits + (labels - said) / doubt
        factor = linalg.cho_factor(kernel + np.diag(1 / doubt))
        one, other = linalg.cho_solve(factor, np.stack([wanted, everyone], axis=1)).T
        intercept = float(one.sum() / other.sum())
        spoken = one - intercept * other
        before, logits = logits, kernel @ spoken + intercept
        if np.abs(logits - before).max() < _SETTLED:
            break
    return spoken, intercept
