"""Counters of what is no request, in a page of memory that the processes of an address share."""

import os
from pathlib import Path

from api.traffic import of_kind, page

NAMES = (
    "sockets_opened", "sockets_closed", "sockets_slow", "sockets_flooding", "redis_failures",
    "redis_away",
)  # fmt: skip
_CELLS = {name: number for number, name in enumerate(NAMES)}


class Counters:
    """``directory`` is shared by the processes that count together."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory and of_kind(directory, NAMES)
        self._cells = memoryview(page(self._directory, 8 * len(NAMES))).cast("Q")

    def add(self, name: str) -> None:
        self._cells[_CELLS[name]] += 1

    def set(self, name: str, value: int) -> None:
        self._cells[_CELLS[name]] = value

    def ever(self, name: str) -> int:
        """Of all processes, those that are gone included."""
        return sum(cells[_CELLS[name]] for _, cells in self._pages())

    def now(self, name: str) -> int:
        """Of those that live."""
        return sum(cells[_CELLS[name]] for pid, cells in self._pages() if _is_alive(pid))

    def _pages(self) -> list[tuple[int, memoryview]]:
        if self._directory is None:
            return [(os.getpid(), self._cells)]
        return [
            (int(one.name), memoryview(one.read_bytes()).cast("Q"))
            for one in self._directory.iterdir()
        ]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
