"""Rows on a terminal: tables that fit, numbers that read well, JSON where a program reads them."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

_WIDE = 120
"""Columns of a page that nobody looks at through a terminal."""
_HOUR, _TWO_DAYS = 1, 48

OUT = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)
ERR = Console(stderr=True, highlight=False)


def show(rows: Sequence[Mapping[str, Any]], *, as_json: bool = False) -> None:
    if as_json:
        sys.stdout.write(json.dumps(rows, default=str, indent=1) + "\n")
        return
    if not rows:
        OUT.print("none")
        return
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for name, value in rows[0].items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        table.add_column(
            name.replace("_", " "), overflow="fold", justify="right" if is_number else "left"
        )
    for row in rows:
        table.add_row(*(cell(row.get(name)) for name in rows[0]))
    OUT.print(table)


def cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return str(value)


def number(value: int | None) -> str:
    """What is not known is a dash, never a 0."""
    return "-" if value is None else f"{value:,}"


def hours(value: float | None) -> str:
    if value is None:
        return "-"
    if value < _HOUR:
        return f"{value * 60:.0f} min"
    return f"{value:.1f} h" if value < _TWO_DAYS else f"{value / 24:.1f} d"
