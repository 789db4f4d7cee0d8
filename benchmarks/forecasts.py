"""How well eight weeks are forecast: commits of 37 real repositories, at six origins each, beside
the moving average and the year before; nothing of the weeks after an origin is known at it.
"""

import csv
import gzip
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Baseline, Figure, Target
from benchmarks.replay import Missing
from models.forecast import (
    HORIZON_WEEKS,
    MovingAverage,
    SeasonalNaive,
    Smoothing,
    back_test,
    forecast,
)

NAME = "forecasts"
_ISSUE = 6
_FILE = Path(__file__).parents[2] / "shared" / "datasets" / "weekly_commits.csv.gz"
_ORIGINS = 6
_RUNS = 5
_BANDS = ("quiet", "middling", "busy")

Series = list[float]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader was shown at an origin, beside what came; errors are mean and absolute."""

    volume: float
    error: float
    average_error: float
    covered: float


def measure() -> Iterator[Figure]:
    every = series()
    yield from _methods(every)
    shown = list(_shown(every))
    yield Figure(
        f"{NAME}-shown", NAME, _ISSUE, f"mean error of what is shown, {len(shown)} forecasts",
        [statistics.fmean(one.error for one in shown)], Target("ratio", ">=", 1), is_cost=True,
        baseline=Baseline(
            "moving average", "8 weeks", statistics.fmean(one.average_error for one in shown)
        ),
    )  # fmt: skip
    yield _coverage("coverage", shown)
    ordered = sorted(shown, key=lambda one: one.volume)
    for place, band in enumerate(_BANDS):
        third = ordered[len(ordered) * place // 3 : len(ordered) * (place + 1) // 3]
        yield _coverage(f"coverage-{band}", third)
    yield Figure(
        f"{NAME}-speed", NAME, _ISSUE, "series a CPU second", [_speed(every) for _ in range(_RUNS)],
        Target("value", ">=", 20), is_cost=False,
    )  # fmt: skip


def series(path: Path = _FILE) -> list[Series]:
    """Commits by week, the oldest first; Missing where they are not beside us."""
    if not path.exists():
        raise Missing(f"there is no {path.name}")
    found: dict[str, Series] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["repository"], []).append(float(row["commits"]))
    return list(found.values())


def _methods(every: list[Series]) -> Iterator[Figure]:
    tried: dict[str, list[float]] = {}
    for weeks in every:
        methods = (Smoothing(weeks), MovingAverage(weeks), SeasonalNaive(weeks))
        for one in back_test(weeks, methods):
            tried.setdefault(one.method, []).append(one.mase)
    mase = {name: statistics.fmean(values) for name, values in tried.items()}
    for other, limit in (("moving_average", 1.0), ("seasonal_naive", 1.05)):
        yield Figure(
            f"{NAME}-mase-against-{other.replace('_', '-')}", NAME, _ISSUE,
            f"mean MASE of {len(every)} repositories", [mase[Smoothing.name]],
            Target("ratio", ">=", limit), is_cost=True,
            baseline=Baseline(other.replace("_", " "), "models.forecast", mase[other]),
        )  # fmt: skip
    yield Figure(
        f"{NAME}-mase", NAME, _ISSUE, f"mean MASE of {len(every)} repositories",
        [mase[Smoothing.name]], Target("value", "<=", 0.86), is_cost=True,
    )  # fmt: skip


def _shown(every: list[Series]) -> Iterator[Shown]:
    """What to show is decided by the weeks before an origin alone."""
    for weeks in every:
        for number in range(_ORIGINS, 0, -1):
            origin = len(weeks) - number * HORIZON_WEEKS
            told, come = forecast(weeks[:origin]), weeks[origin : origin + HORIZON_WEEKS]
            if not told.steps:
                continue
            level = statistics.fmean(weeks[origin - HORIZON_WEEKS : origin])
            pairs = list(zip(told.steps, come, strict=True))
            yield Shown(
                volume=statistics.fmean(weeks[:origin][-26:]),
                error=statistics.fmean(abs(one - step.value) for step, one in pairs),
                average_error=statistics.fmean(abs(one - level) for one in come),
                covered=statistics.fmean(step.low_80 <= one <= step.high_80 for step, one in pairs),
            )


def _coverage(name: str, shown: list[Shown]) -> Figure:
    """How far the share of weeks in their interval is from the eight in ten that it promises."""
    share = statistics.fmean(one.covered for one in shown)
    allowed = 0.04 if name == "coverage" else 0.06
    return Figure(
        f"{NAME}-{name}", NAME, _ISSUE,
        f"from 0.8: {share:.3f} of the weeks lie in the interval of 80 %", [abs(share - 0.8)],
        Target("value", "<=", allowed), is_cost=True,
    )  # fmt: skip


def _speed(every: list[Series]) -> float:
    started = time.process_time()
    for weeks in every:
        forecast(weeks)
    return len(every) / (time.process_time() - started)
