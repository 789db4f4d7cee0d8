"""How few persons hold most of the work: CHAOSS's contributor absence factor, and concentration."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.facts import CommitShare

DEFINITION = "bus-factor@1"
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class BusFactor:
    """Counts are persons. Ratios lie between 0 and 1; all are null where nobody committed."""

    caf_50_count: int | None
    caf_80_count: int | None
    hhi_ratio: float | None
    gini_ratio: float | None
    commits_count: int
    persons_count: int
    top_persons: tuple[CommitShare, ...]


def bus_factor(shares: Sequence[CommitShare]) -> BusFactor:
    """``caf_50_count`` is the smallest number of persons who made at least half of the commits
    (https://chaoss.community/kb/metric-contributor-absence-factor/); a tie does not change it.
    """
    ordered = sorted(
        (share for share in shares if share.commits_count > 0),
        key=lambda share: (-share.commits_count, share.person),
    )
    counts = [share.commits_count for share in ordered]
    total = sum(counts)
    return BusFactor(
        caf_50_count=_smallest(counts, total, 50),
        caf_80_count=_smallest(counts, total, 80),
        hhi_ratio=sum((count / total) ** 2 for count in counts) if total else None,
        gini_ratio=_gini(counts, total),
        commits_count=total,
        persons_count=len(counts),
        top_persons=tuple(ordered[:_SHOWN]),
    )


def _smallest(counts: Sequence[int], total: int, percent: int) -> int | None:
    so_far = 0
    for place, count in enumerate(counts, 1):
        so_far += count
        if so_far * 100 >= total * percent:
            return place
    return None


def _gini(counts: Sequence[int], total: int) -> float | None:
    """Mean difference over twice the mean, from the sorted form of the formula."""
    if not total:
        return None
    n = len(counts)
    weighted = sum(place * count for place, count in enumerate(sorted(counts), 1))
    return 2 * weighted / (n * total) - (n + 1) / n
