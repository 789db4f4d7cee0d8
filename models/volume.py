"""How surprising a count is beside the counts before it: the tail of a negative binomial, which
fits numbers that come in bursts and are often zero.
"""

import math
from collections.abc import Sequence

_LEAST_DISPERSION = 0.25
"""Activity of a repository is burstier than a few quiet weeks show: the variance is taken to be no
less than mean + mean² / 4.
"""
_NEGLIGIBLE = 1e-12


def surprise(before: Sequence[int], observed: int) -> float:
    """-log10 of the probability of a count as far out as ``observed``, on its side of the mean; 0
    where there was nothing before to tell by.
    """
    mean = sum(before) / len(before) if before else 0.0
    if mean <= 0:
        return 0.0
    variance = sum((one - mean) ** 2 for one in before) / len(before)
    excess = max(variance - mean, _LEAST_DISPERSION * mean**2)
    size = mean**2 / excess
    if observed < mean:
        tail = sum(_probability(one, mean, size) for one in range(observed + 1))
    else:
        tail = _upper_tail(observed, mean, size)
    return -math.log10(min(max(tail, 1e-300), 1.0))


def _upper_tail(observed: int, mean: float, size: float) -> float:
    """What lies above the mode falls faster than geometrically in the end."""
    tail, count = 0.0, observed
    while True:
        part = _probability(count, mean, size)
        tail += part
        if part <= tail * _NEGLIGIBLE:
            return tail
        count += 1


def _probability(count: int, mean: float, size: float) -> float:
    return math.exp(
        math.lgamma(count + size)
        - math.lgamma(size)
        - math.lgamma(count + 1)
        + size * math.log(size / (size + mean))
        + count * math.log(mean / (size + mean))
    )
