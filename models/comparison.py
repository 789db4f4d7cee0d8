"""Whether one model is better than another over the same labelled things."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NOTICEABLE = 0.005
_RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Score:
    """``low`` and ``high`` are the 95 % interval of a bootstrap."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.4f} ({self.low:+.4f} to {self.high:+.4f})"


def f1(said: Integers, labels: Integers, classes: Sequence[int]) -> Score:
    """The mean F1 of these classes."""
    size = 1 + int(max(said.max(), labels.max()))
    cells = np.bincount(labels * size + said, minlength=size * size)

    def measure(counts: Integers) -> Floats:
        return _f1(counts.reshape(-1, size, size), classes)

    return _bootstrapped(cells, measure)


def difference(new: Integers, old: Integers, labels: Integers, classes: Sequence[int]) -> Score:
    """By how much the F1 of ``new`` is above that of ``old``: both are drawn together, as they
    judged the same things.
    """
    size = 1 + int(max(new.max(), old.max(), labels.max()))
    cells = np.bincount((labels * size + new) * size + old, minlength=size**3)

    def measure(counts: Integers) -> Floats:
        cube = counts.reshape(-1, size, size, size)
        return _f1(cube.sum(axis=3), classes) - _f1(cube.sum(axis=2), classes)

    return _bootstrapped(cells, measure)


def is_worse(found: Score) -> bool:
    """Noticeably, or by however little but surely."""
    return found.value < -NOTICEABLE or found.high < 0


def _bootstrapped(cells: Integers, measure: Callable[[Integers], Floats]) -> Score:
    """Only the cell of each thing matters, so that cells are drawn."""
    total = int(cells.sum())
    drawn = np.random.default_rng(1).multinomial(total, cells / total, size=_RESAMPLES)
    low, high = np.percentile(measure(drawn), [2.5, 97.5])
    return Score(float(measure(cells)[0]), float(low), float(high))


def _f1(confusion: Integers, classes: Sequence[int]) -> Floats:
    """Of many matrices, label by what was said."""
    hits = np.diagonal(confusion, axis1=1, axis2=2)
    either = confusion.sum(axis=1) + confusion.sum(axis=2)
    found: Floats = (2 * hits / np.maximum(either, 1))[:, list(classes)].mean(axis=1)
    return found
