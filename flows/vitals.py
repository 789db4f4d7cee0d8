"""What runs in this state directory, and how much memory it uses."""

import json
from typing import Any

from gitinsight.runtime import memory
from gitinsight.settings import Settings

Rows = list[dict[str, Any]]


def processes(settings: Settings) -> dict[str, int]:
    """Name -> pid of what the stack of this state directory runs, if one runs."""
    try:
        text = (settings.state_dir / "run" / "pids.json").read_text("utf-8")
        known: dict[str, int] = json.loads(text)
    except (OSError, json.JSONDecodeError):
        return {}
    return known


def is_up(settings: Settings) -> bool:
    """Whether a stack runs that takes jobs."""
    worker = processes(settings).get("worker")
    return worker is not None and bool(memory.of_processes({"worker": worker}))


def memory_rows(settings: Settings) -> Rows:
    """One row per process with its descendants, and their sum; none where nothing runs.

    The supervisor's children are listed on their own, so its row is itself alone.
    """
    pids = processes(settings)
    rows: Rows = [
        {
            "process": one.name, "pid": one.pid, "processes": one.processes,
            "rss_mb": _megabytes(one.rss_bytes), "largest_mb": _megabytes(one.largest_rss_bytes),
            "pss_mb": None if one.pss_bytes is None else _megabytes(one.pss_bytes),
        }
        for one in memory.of_processes(pids, apart=frozenset(pids.values()))
    ]  # fmt: skip
    if not rows:
        return []
    total: dict[str, Any] = {"process": "total"}
    for column in ("processes", "rss_mb", "pss_mb"):
        values = [row[column] for row in rows]
        total[column] = None if None in values else sum(values)
    return [*rows, total]


def _megabytes(count: int) -> int:
    return round(count / 1e6)
