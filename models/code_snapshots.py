"""What the files of one commit are together: language by language, and all of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

ALL = "all"
_WORST_RATIO = 0.1


@dataclass(frozen=True, slots=True)
class FileMeasures:
    """One file. Null is what nobody looked for."""

    language: str
    is_test: bool
    is_measured: bool
    nloc: int = 0
    ccn: int = 0
    functions_count: int = 0
    health_score: float | None = None
    bands: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    said_lines_count: int = 0
    duplicated_lines_count: int | None = 0
    findings: tuple[int, int, int] | None = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class CodeSnapshot:
    language: str
    files_count: int
    unmeasured_count: int
    nloc: int
    tests_nloc: int
    ccn: int
    functions_count: int
    health_score: float | None
    worst_health_score: float | None
    ccn_1_to_5_nloc: int
    ccn_6_to_10_nloc: int
    ccn_11_to_25_nloc: int
    ccn_above_25_nloc: int
    outside_nloc: int
    said_lines_count: int
    duplicated_lines_count: int | None
    findings_high_count: int | None
    findings_medium_count: int | None
    findings_low_count: int | None


def snapshots(files: Iterable[FileMeasures]) -> Iterator[CodeSnapshot]:
    """Tests count by their lines alone: how they repeat themselves is another matter."""
    by_language: dict[str, list[FileMeasures]] = {}
    for one in files:
        by_language.setdefault(one.language, []).append(one)
    for language in sorted(by_language):
        yield _together(language, by_language[language])
    if by_language:
        yield _together(ALL, [one for those in by_language.values() for one in those])


def weighed_health(files: Iterable[FileMeasures], *, worst_ratio: float = 1.0) -> float | None:
    """The mean by lines of code; of the worst files, so many of the lines. Null of none."""
    scored = sorted((one.health_score, one.nloc) for one in files if one.health_score is not None)
    wanted = worst_ratio * sum(nloc for _, nloc in scored)
    total = taken = 0.0
    for score, nloc in scored:
        part = min(nloc, wanted - taken)
        if part <= 0:
            break
        total, taken = total + score * part, taken + part
    return total / taken if taken else None


def _together(language: str, files: Sequence[FileMeasures]) -> CodeSnapshot:
    is_measured = [one for one in files if one.is_measured]
    code = [one for one in is_measured if not one.is_test]
    low, middle, high, highest, outside = (sum(one.bands[at] for one in code) for at in range(5))
    findings = [_total(one.findings and one.findings[at] for one in code) for at in range(3)]
    return CodeSnapshot(
        language=language, files_count=len(code),
        unmeasured_count=sum(not one.is_measured and not one.is_test for one in files),
        nloc=sum(one.nloc for one in code),
        tests_nloc=sum(one.nloc for one in is_measured if one.is_test),
        ccn=sum(one.ccn for one in code),
        functions_count=sum(one.functions_count for one in code),
        health_score=weighed_health(code),
        worst_health_score=weighed_health(code, worst_ratio=_WORST_RATIO),
        ccn_1_to_5_nloc=low, ccn_6_to_10_nloc=middle, ccn_11_to_25_nloc=high,
        ccn_above_25_nloc=highest, outside_nloc=outside,
        said_lines_count=sum(one.said_lines_count for one in code),
        duplicated_lines_count=_total(one.duplicated_lines_count for one in code),
        findings_high_count=findings[0], findings_medium_count=findings[1],
        findings_low_count=findings[2],
    )  # fmt: skip


def _total(counts: Iterable[int | None]) -> int | None:
    """Null where one is."""
    known = list(counts)
    return None if None in known else sum(one for one in known if one is not None)
