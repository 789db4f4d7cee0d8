"""What fleets of other sizes would take a day, by what was measured of this one: docs/scale.md.

A simulation by arithmetic: every figure of a repository is measured (``benchmarks/results``), what
a fleet is like is assumed and told in the table.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import RESULTS, ROOT

PAGE = ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- sizes: begin -->", "<!-- sizes: end -->"
_PRINCIPAL_A_DAY = 24 * 5_000
"""Requests, and points besides: what GitHub gives a token or an installation."""
_USED = 0.8
"""Of a principal's limit and of a worker's cores: what is left is for the busy hour."""
_CORE_HOUR, _GIGABYTE_MONTH = 0.04, 0.10
"""Dollars, about what a rented machine and its disk cost."""
_MEASURED_CORES = 2


@dataclass(frozen=True, slots=True)
class Fleet:
    """``changed`` is the share of repositories with news on a day."""

    repositories: int
    polls: int
    changed: float


FLEETS = (
    Fleet(1_000, 24, 0.2), Fleet(100_000, 24, 0.1), Fleet(10_000_000, 4, 0.02),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one repository: points of a poll, requests and core seconds of a refresh, bytes held."""

    poll_points: float
    refresh_requests: float
    refresh_core_seconds: float
    held_bytes: float


@dataclass(frozen=True, slots=True)
class Needs:
    """A day; ``principals`` are tokens or installations, whichever of both limits is nearer."""

    points: float
    requests: float
    principals: int
    cores: float
    gigabytes: float
    dollars: float


def measured(directory: Path = RESULTS) -> Measured:
    """FileNotFoundError where `make bench ONLY=fleet` has not run."""

    def value(name: str) -> float:
        return float(json.loads((directory / f"fleet-{name}.json").read_text("utf-8"))["value"])

    return Measured(
        value("poll-cost") / 1_000, value("refresh-cost"),
        60 * _MEASURED_CORES / value("refresh"), value("held") * 1024**2,
    )  # fmt: skip


def needs(fleet: Fleet, one: Measured) -> Needs:
    refreshed = fleet.repositories * fleet.changed
    points = fleet.repositories * fleet.polls * one.poll_points
    requests = refreshed * one.refresh_requests
    cores = refreshed * one.refresh_core_seconds / 86_400 / _USED
    gigabytes = fleet.repositories * one.held_bytes / 1e9
    return Needs(
        points, requests,
        max(1, math.ceil(max(points, requests) / _PRINCIPAL_A_DAY / _USED)),
        cores, gigabytes, cores * 24 * _CORE_HOUR + gigabytes * _GIGABYTE_MONTH / 30,
    )  # fmt: skip


_ROWS: tuple[tuple[str, Callable[[Fleet, Needs], str]], ...] = (
    ("polls a day (assumed)", lambda fleet, _: f"{fleet.polls}"),
    ("with news on a day (assumed)", lambda fleet, _: f"{fleet.changed:.0%}"),
    ("points of polls", lambda _, found: f"{found.points:,.0f}"),
    ("requests and points of refreshes", lambda _, found: f"{found.requests:,.0f}"),
    ("API principals", lambda _, found: f"{found.principals:,}"),
    ("cores of workers and PostgreSQL", lambda _, found: _rounded(found.cores)),
    ("gigabytes held", lambda _, found: _rounded(found.gigabytes)),
    ("dollars a day", lambda _, found: _rounded(found.dollars)),
)


def table(one: Measured) -> str:
    found = [(fleet, needs(fleet, one)) for fleet in FLEETS]
    lines = [
        "| a day | " + " | ".join(f"{fleet.repositories:,}" for fleet, _ in found) + " |",
        "|---|" + "---:|" * len(found),
    ]
    lines += [
        f"| {name} | " + " | ".join(show(*each) for each in found) + " |" for name, show in _ROWS
    ]
    return "\n".join(lines)


def rewrite(page: Path = PAGE, directory: Path = RESULTS) -> None:
    """Put the table between the two marks of the page."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{table(measured(directory))}\n{END}{after}", "utf-8")


def _rounded(value: float) -> str:
    return f"{float(f'{value:.2g}'):,g}"
