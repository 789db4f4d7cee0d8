"""What is said of source text. Facts alone: whoever reads them loads nothing that measures."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["high", "medium", "low"]
Unmeasured = Literal["binary", "generated", "other_language", "too_deep", "too_hard", "too_large"]


@dataclass(frozen=True, slots=True)
class Source:
    """``name`` is a path or a file name: the language is told by how it ends."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Function:
    """``nloc`` are its lines without comments and blank ones, and without functions inside it;
    ``ccn`` is its cyclomatic complexity by McCabe.
    """

    name: str
    first_line: int
    last_line: int
    nloc: int
    ccn: int
    parameters_count: int
    nesting: int


@dataclass(frozen=True, slots=True)
class Penalty:
    """``points`` are taken off ten; ``value`` is what was seen, ``words`` what it means."""

    name: str
    points: float
    value: float
    words: str


@dataclass(frozen=True, slots=True)
class Health:
    """From 10, nothing stands out, to 1. Null of a text that is too short to tell."""

    score: float | None
    penalties: tuple[Penalty, ...]


@dataclass(frozen=True, slots=True)
class RiskProfile:
    """Lines without comments of functions, by their complexity; ``outside`` is in none."""

    ccn_1_to_5_nloc: int
    ccn_6_to_10_nloc: int
    ccn_11_to_25_nloc: int
    ccn_above_25_nloc: int
    outside_nloc: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at: why, and what to do about it. ``url`` explains the rule at length."""

    line: int
    rule: str
    severity: Severity
    reason: str
    action: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """Where something like a secret stands: a digest tells it from others, and its value is in no
    answer and in no table.
    """

    line: int
    kind: str
    digest: str


@dataclass(frozen=True, slots=True)
class Dependency:
    """``wanted`` is as it was written; ``version`` is null where that leaves a choice."""

    ecosystem: str
    name: str
    wanted: str
    version: str | None
    is_development: bool
    is_locked: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """What one text is. Where ``unmeasured`` says why, only what does not need a language is known.
    ``line_digests`` are of its lines that say something, in their order.
    """

    language: str | None
    unmeasured: Unmeasured | None
    lines_count: int
    nloc: int
    ccn: int
    functions: tuple[Function, ...]
    secrets: tuple[Secret, ...]
    line_digests: tuple[int, ...]
    findings: tuple[Finding, ...] = ()
    """Of what is no code, but runs: workflows."""
    dependencies: tuple[Dependency, ...] = ()
    """Of manifests and lock files."""


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Clone:
    """The same lines in two places."""

    lines_count: int
    first: Place
    second: Place


@dataclass(frozen=True, slots=True)
class Duplication:
    """Of the ``lines_count`` lines that say something so many stand somewhere else, too."""

    lines_count: int
    duplicated_count: int
    clones: tuple[Clone, ...]
