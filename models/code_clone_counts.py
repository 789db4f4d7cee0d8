"""How many lines of many texts stand in more than one place: ``models.code_clones`` counts the same
with the places, and takes ten times the memory.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.code_clones import FEWEST

_MIX = np.uint64(0x9E3779B97F4A7C15)

Digests = NDArray[np.int64]


def duplicated_counts(texts: Sequence[Digests]) -> list[int]:
    """Text by text."""
    parts = [_windows(one) for one in texts]
    windows = np.concatenate([*parts, np.empty(0, np.uint64)])
    text = np.repeat(np.arange(len(parts)), [len(one) for one in parts])
    place = np.concatenate([np.arange(len(one)) for one in parts] or [np.empty(0, np.int64)])
    is_twice = np.zeros(len(windows), np.bool_)
    order = np.argsort(windows, kind="stable")
    edges = np.flatnonzero(np.diff(windows[order])) + 1
    starts, ends = np.concatenate([[0], edges]), np.concatenate([edges, [len(order)]])
    if len(order):
        first, last = order[starts], order[ends - 1]
        is_apart = (text[first] != text[last]) | (place[last] - place[first] >= FEWEST)
        is_twice[order] = np.repeat(is_apart, ends - starts)
    bounds = np.cumsum([0, *map(len, parts)])
    return [
        _covered(is_twice[start:end], len(one))
        for (start, end), one in zip(pairwise(bounds), texts, strict=True)
    ]


def _windows(digests: Digests) -> NDArray[np.uint64]:
    """One number for each six lines in a row."""
    count = max(0, len(digests) - FEWEST + 1)
    lines, found = digests.astype(np.uint64), np.zeros(count, np.uint64)
    for step in range(FEWEST):
        found = found * _MIX + lines[step : step + count]
    return found


def _covered(is_twice: NDArray[np.bool_], lines_count: int) -> int:
    marked = np.zeros(lines_count, np.bool_)
    for step in range(FEWEST):
        marked[step : step + len(is_twice)] |= is_twice
    return int(marked.sum())
