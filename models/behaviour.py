"""How an account is active, in seventeen numbers: how much, in how many kinds, at which pace.

They are those of Chidambaram et al. (BIMBAS, RABBIT) that one repository can tell; what they need
of all repositories of an account is left out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WINDOW_DAYS = 90
MOST = 300
"""What GitHub shows of an account's events, which is what the labelled accounts were measured by:
so many at most, of so many days. Days are counted back from the account's own last one.
"""
LEAST = 10
"""Of fewer activities nothing is said."""

_PARTS = ("mean", "p50", "std", "gini", "iqr")
FEATURES: tuple[str, ...] = (
    "activities_count",
    "kinds_count",
    *(f"pause_{part}" for part in _PARTS),
    *(f"switch_{part}" for part in _PARTS),
    *(f"of_a_kind_{part}" for part in _PARTS),
)
"""``pause``: hours to the next activity; ``switch``: to the next one that is of another kind;
``of_a_kind``: activities of each kind.
"""


@dataclass(frozen=True, slots=True)
class Activities:
    """What an account did in a repository, the oldest first: kinds, and hours since 1970."""

    login: str
    kinds: Sequence[str]
    hours: Sequence[float]


def behaviour(done: Activities) -> Floats:
    """The seventeen, in the order of ``FEATURES``; those that do not exist are not a number."""
    pauses = np.diff(np.asarray(done.hours, dtype=float))
    is_switch = np.array([one != other for one, other in pairwise(done.kinds)], dtype=bool)
    of_a_kind = Counter(done.kinds)
    return np.array(
        [
            len(done.kinds),
            len(of_a_kind),
            *_described(pauses),
            *_described(pauses[is_switch]),
            *_described(np.array(sorted(of_a_kind.values()), dtype=float)),
        ]
    )


def _described(values: Floats) -> tuple[float, ...]:
    if not len(values):
        return np.nan, np.nan, 0.0, 0.0, np.nan
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return float(values.mean()), float(middle), spread, _gini(values), float(high - low)


def _gini(values: Floats) -> float:
    """0 is all alike; of what is not 0."""
    found = np.sort(values[values > 0])
    if not len(found):
        return 0.0
    ranks = 2 * np.arange(1, len(found) + 1) - len(found) - 1
    return float((ranks * found).sum() / (len(found) * found.sum()))
