"""How large the warehouse becomes at its pace, with and without retention, and when the disk is
full.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flows.retention import keep_days
from gitinsight.settings import RetentionSettings
from warehouse import retention, sizes
from warehouse.engine import Engine
from warehouse.retention import RULES
from warehouse.sizes import Size

DAYS = 90
_SHOWN = 12
_MB = 1e6


@dataclass(frozen=True, slots=True)
class Forecast:
    """Bytes now, a day, and in DAYS with and without retention; null where no pace is known."""

    table: str
    size_bytes: int
    growth_bytes: float | None
    kept_bytes: float | None
    gross_bytes: float | None


def read(engine: Engine, settings: RetentionSettings, *, at: datetime) -> list[Forecast]:
    """Every table, the largest first."""
    with engine.begin() as connection:
        held = sizes.sizes(connection)
        growing = {
            rule.table: max(timedelta(0), timedelta(days=days) - (at - since))
            for rule in RULES
            if (days := keep_days(settings, rule)) and (since := retention.oldest(connection, rule))
        }
    return [forecast(size, growing) for size in held]


def forecast(size: Size, growing: Mapping[str, timedelta]) -> Forecast:
    """``growing`` says how long a table still grows that loses rows as it gains some."""
    span = timedelta(days=DAYS)
    days = min(growing.get(size.table, span), span) / timedelta(days=1)

    def then(pace: float | None, days: float) -> float | None:
        return None if pace is None else max(0.0, size.size_bytes + pace * days)

    return Forecast(
        size.table, size.size_bytes, size.growth_bytes, then(size.growth_bytes, days),
        then(size.gross_bytes, DAYS),
    )  # fmt: skip


def rows(found: list[Forecast]) -> list[dict[str, Any]]:
    """The largest tables one by one, the others together, and the sum."""
    shown, others = found[:_SHOWN], found[_SHOWN:]
    return [
        *(_row(one.table, [one]) for one in shown),
        *([_row(f"{len(others)} others", others)] if others else []),
        _row("total", found),
    ]


def full(found: list[Forecast], free_bytes: int | None) -> str:
    """One line: when the disk is full."""
    if free_bytes is None:
        return "the disk is that of another server: how much of it is free is not known"
    free = f"{free_bytes / 1e9:,.1f} GB of the disk are free"
    kept, gross = (_pace(found, one) for one in ("kept_bytes", "gross_bytes"))
    if kept is None or gross is None:
        return f"{free}; the pace is known once two days have been measured"
    return f"{free}: {_full_in(free_bytes, kept)}; without retention {_full_in(free_bytes, gross)}"


def _pace(found: Iterable[Forecast], column: str) -> float | None:
    """Bytes a day over all tables."""
    paces = [
        (then - one.size_bytes) / DAYS
        for one in found
        if (then := getattr(one, column)) is not None
    ]
    return sum(paces) if paces else None


def _full_in(free_bytes: int, pace: float) -> str:
    return f"full in {free_bytes / pace:,.0f} days" if pace > 0 else "never full at this pace"


def _row(name: str, found: Iterable[Forecast]) -> dict[str, Any]:
    listed = list(found)
    return {
        "table": name,
        "mb": _megabytes(one.size_bytes for one in listed),
        "mb_a_day": _megabytes(one.growth_bytes for one in listed),
        f"mb_in_{DAYS}_days": _megabytes(one.kept_bytes for one in listed),
        "without_retention": _megabytes(one.gross_bytes for one in listed),
    }


def _megabytes(values: Iterable[float | None]) -> float | None:
    """Of those that are known; null where none is."""
    known = [one for one in values if one is not None]
    return round(sum(known) / _MB, 1) if known else None
