"""How easy code is to maintain, from 10 to 1, by a formula that is published with its parts.

Weights were fixed before any label was seen, and measured on 304 Java classes that experts had
rated (Schnappinger et al., 2020): docs/models/code-health.md. Size is a part of it, and not all.
"""

from collections.abc import Callable, Iterable, Sequence
from math import log2

from gitinsight.code.facts import Function, Health, Penalty, RiskProfile

DEFINITION = "code-health@1"
SMALLEST_NLOC = 57
"""Of shorter files hardly one is hard to maintain, and no measure tells which."""
_BEST, _WORST = 10.0, 1.0
_COMPLEX, _LONG, _DEEP = 10, 60, 4


def health(functions: Sequence[Function], nloc: int) -> Health:
    """Of one file. Shares are of its ``nloc``, lines without comments and blank ones."""
    if nloc < SMALLEST_NLOC:
        return Health(None, ())
    penalties = tuple(one for one in _penalties(functions, nloc) if one.points > 0)
    return Health(max(_WORST, _BEST - sum(one.points for one in penalties)), penalties)


def risk_profile(functions: Iterable[Function], nloc: int) -> RiskProfile:
    """Nested functions are counted by themselves, and may be counted once more by lizard."""
    bands = [0, 0, 0, 0]
    for one in functions:
        bands[(one.ccn > 5) + (one.ccn > 10) + (one.ccn > 25)] += one.nloc  # noqa: PLR2004 - SIG's
    low, middle, high, highest = bands
    return RiskProfile(low, middle, high, highest, outside_nloc=max(0, nloc - sum(bands)))


def is_brain(one: Function) -> bool:
    """Long, complex and nested at once."""
    return one.nloc >= 70 and one.ccn >= 10 and one.nesting >= 3  # noqa: PLR2004 - the definition


def is_bumpy(one: Function) -> bool:
    """Conditions within conditions."""
    return one.nesting >= 2 and one.ccn >= 6  # noqa: PLR2004 - the definition


def _penalties(functions: Sequence[Function], nloc: int) -> list[Penalty]:
    def share(chosen: Callable[[Function], bool]) -> float:
        return min(1.0, sum(one.nloc for one in functions if chosen(one)) / nloc)

    brains, bumpy = sum(map(is_brain, functions)), sum(map(is_bumpy, functions))
    in_complex = share(lambda one: one.ccn > _COMPLEX)
    in_long = share(lambda one: one.nloc > _LONG)
    in_deep = share(lambda one: one.nesting >= _DEEP)
    parameters = max((one.parameters_count for one in functions), default=0)
    return [
        Penalty(
            "brain_functions", min(3.0, 1.0 * brains), brains,
            "functions of 70 lines and more that are complex and nested",
        ),
        Penalty(
            "bumpy_functions", min(2.0, 0.35 * bumpy), bumpy,
            "functions with conditions within conditions",
        ),
        Penalty(
            "complex_code", 2.0 * min(1.0, in_complex / 0.5), in_complex,
            "share of the lines in functions with a complexity above 10",
        ),
        Penalty(
            "long_functions", 1.5 * min(1.0, in_long / 0.5), in_long,
            "share of the lines in functions of more than 60 lines",
        ),
        Penalty(
            "deep_nesting", 1.0 * min(1.0, in_deep / 0.3), in_deep,
            "share of the lines in functions that nest four levels and more",
        ),
        Penalty(
            "size", 1.5 * min(1.0, max(0.0, log2(nloc / 200)) / 2.3), nloc,
            "lines of the file, beyond 200",
        ),
        Penalty(
            "parameters", 0.5 * min(1.0, max(0.0, (parameters - 4) / 4)), parameters,
            "parameters of the function that takes most, beyond 4",
        ),
    ]  # fmt: skip
