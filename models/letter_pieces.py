"""Pieces of words, of two to five letters, that a model knows: found in many texts at once.

They are a tree by letters, laid out as a table, so that all places of all texts take each step
together. One piece after the other was a third of what it cost to judge a text.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

_SIZES = range(2, 6)
_DEAD, _ROOT = 0, 1


class LetterPieces:
    """``first`` is the place of the first of them, which are in order."""

    def __init__(self, grams: Iterable[str], first: int) -> None:
        self.grams = tuple(grams)
        letters = sorted(set("".join(self.grams)))
        self._numbers = np.zeros(max(map(ord, letters), default=0) + 2, dtype=np.int32)
        for number, letter in enumerate(letters, start=1):
            self._numbers[ord(letter)] = number
        # What nothing follows needs no row: by length, the longest are last.
        starts = sorted(
            {one[:size] for one in self.grams for size in range(1, len(one) + 1)}, key=len
        )
        nodes = {start: node for node, start in enumerate(starts, start=2)} | {"": _ROOT}
        rows = 2 + sum(len(start) < _SIZES[-1] for start in starts)
        self._next = np.zeros((rows, len(letters) + 1), dtype=np.int32)
        for start in starts:
            self._next[nodes[start[:-1]], self._numbers[ord(start[-1])]] = nodes[start]
        self._places = np.full(len(starts) + 2, -1, dtype=np.int64)
        self._places[[nodes[one] for one in self.grams]] = first + np.arange(len(self.grams))

    def __len__(self) -> int:
        return len(self.grams)

    def found(self, texts: Sequence[str]) -> tuple[Integers, Integers]:
        """Of each piece that stands in a word of a text, its text and its place."""
        # Around each word is a space of its own: none of the pieces has two, and so none is of two
        # words or of two texts.
        spaced = [f" {'  '.join(one.lower().split())} " for one in texts]
        letters = np.frombuffer("".join(spaced).encode("utf-32-le", "surrogatepass"), np.uint32)
        numbers = self._numbers[np.minimum(letters, len(self._numbers) - 1)]
        places = np.full((len(numbers), len(_SIZES)), -1, dtype=np.int64)
        nodes = self._next[_ROOT][numbers]
        for column, size in enumerate(_SIZES):
            nodes = self._next[nodes[:-1], numbers[size - 1 :]]
            places[: len(nodes), column] = self._places[nodes]
        is_known = places >= 0
        rows = np.repeat(np.arange(len(texts)), [len(one) for one in spaced])
        return np.repeat(rows, is_known.sum(axis=1)), places[is_known]


def pieces(word: str) -> list[str]:
    """All of one, with a space for where the word begins and ends."""
    padded = f" {word} "
    return [padded[at : at + size] for size in _SIZES for at in range(len(padded) - size + 1)]
