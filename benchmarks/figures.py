"""One measured figure, the file that holds it, and the table of all of them in the README."""

import json
import operator
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
MODELS = ROOT / "docs" / "models"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
_OPERATORS = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Target:
    """``of`` names what is judged: the ``value`` itself, or its ``ratio`` to the baseline."""

    of: str
    sign: str
    limit: float

    def __str__(self) -> str:
        return f"{self.of} {self.sign} {self.limit:g}"

    def is_met(self, value: float, ratio: float | None) -> bool:
        judged = ratio if self.of == "ratio" else value
        return judged is not None and bool(_OPERATORS[self.sign](judged, self.limit))


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the figure is compared with, measured in the same run."""

    name: str
    version: str
    value: float


@dataclass(frozen=True, slots=True)
class Figure:
    """``values`` holds one measurement per run; the figure is their median. ``is_cost`` says that
    less is better, and so which way the ratio goes. ``benchmark`` is what measures it again,
    ``interval`` the 95 % of a bootstrap where a sample was measured.
    """

    name: str
    benchmark: str
    issue: int
    unit: str
    values: Sequence[float]
    target: Target
    is_cost: bool
    baseline: Baseline | None = None
    interval: tuple[float, float] | None = None

    @property
    def value(self) -> float:
        return statistics.median(self.values)

    @property
    def ratio(self) -> float | None:
        """How many times better than the baseline; null without one, or where nothing is spent."""
        if self.baseline is None:
            return None
        better, worse = self.baseline.value, self.value
        if not self.is_cost:
            better, worse = worse, better
        return better / worse if worse else None

    def record(self, *, commit: str, at: datetime) -> dict[str, Any]:
        """The file's content. ``spread`` is the distance of the extremes over the median;
        ``python`` says who built it, and when, as that makes a difference.
        """
        spread = (max(self.values) - min(self.values)) / self.value if self.value else 0.0
        baseline = asdict(self.baseline) if self.baseline is not None else None
        if baseline is not None:
            baseline["value"] = _rounded(baseline["value"])
        return {
            "name": self.name,
            "issue": self.issue,
            "unit": self.unit,
            "value": _rounded(self.value),
            "interval": [_rounded(one) for one in self.interval] if self.interval else None,
            "baseline": baseline,
            "ratio": _rounded(self.ratio) if self.ratio is not None else None,
            "target": str(self.target),
            "met": self.target.is_met(self.value, self.ratio),
            "runs": len(self.values),
            "spread": _rounded(spread),
            "command": f"make bench ONLY={self.benchmark}",
            "python": sys.version,
            "commit": commit,
            "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def save(figure: Figure, *, directory: Path = RESULTS) -> dict[str, Any]:
    record = figure.record(commit=_commit(), at=datetime.now(UTC))
    directory.mkdir(exist_ok=True)
    path = directory / f"{figure.name}.json"
    path.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    return record


def rewrite_tables() -> None:
    """Figures of a model stand on its page where that has a place for them, all others in the
    README.
    """
    pages = [page for page in sorted(MODELS.glob("*.md")) if BEGIN in page.read_text("utf-8")]
    for page in pages:
        rewrite_table(page, of=partial(_is_of, page.stem))
    rewrite_table(of=lambda name: not any(_is_of(page.stem, name) for page in pages))


def rewrite_table(
    page: Path = ROOT / "README.md", *, directory: Path = RESULTS,
    of: Callable[[str], bool] = bool,
) -> None:  # fmt: skip
    """Put the table of the files of these names between the two marks; ValueError where they are
    missing.
    """
    text = page.read_text("utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{page} has no place for the figures: {BEGIN} and {END}")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{table(directory, of=of)}\n{END}{after}", "utf-8")


def table(directory: Path = RESULTS, *, of: Callable[[str], bool] = bool) -> str:
    records = [
        json.loads(path.read_text("utf-8"))
        for path in sorted(directory.glob("*.json"))
        if of(path.stem)
    ]
    lines = ["| figure | value | compared with | target | met |", "|---|---:|---|---|---|"]
    return "\n".join(lines + [line(record) for record in records])


def _is_of(model: str, name: str) -> bool:
    return name.startswith(f"{model}-")


def line(record: dict[str, Any]) -> str:
    baseline, ratio = record["baseline"], record["ratio"]
    against = "-"
    if baseline is not None:
        against = f"{baseline['name']} {baseline['version']}: {baseline['value']:,g}"
        against += f" ({ratio:,g}×)" if ratio is not None else ""  # noqa: RUF001 - times
    met = "yes" if record["met"] else "**no**"
    value = f"{record['value']:,g} {record['unit']}"
    if interval := record.get("interval"):  # older files have none
        value = f"{record['value']:,g} ({interval[0]:,g} to {interval[1]:,g}) {record['unit']}"
    return f"| `{record['name']}` | {value} | {against} | {record['target']} | {met} |"


def _rounded(value: float) -> float:
    """Four digits: more than any of these measurements carries."""
    return float(f"{value:.4g}")


def _commit() -> str:
    """The commit that was measured, marked where the files differ from it; what a run writes is
    no difference.
    """
    others = ("--", ".", f":!{RESULTS.relative_to(ROOT)}", ":!README.md", ":!docs/models")
    sha = _git("rev-parse", "HEAD")
    return f"{sha}-dirty" if _git("status", "--porcelain", *others) else sha


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
