"""How much memory the processes of the stack use."""

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

_ARENA_MAX, _HEAPS = -8, 2
"""A parameter of ``mallopt``, and its value."""


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """Bytes, descendants included. Resident memory counts what is shared in every process that
    shares it; ``pss_bytes`` counts it once, and is null where the system does not tell.
    """

    name: str
    pid: int
    processes: int
    rss_bytes: int
    largest_rss_bytes: int
    pss_bytes: int | None


def use_few_heaps() -> None:
    """GNU's C library gives threads heaps of their own, eight for each core, and what one of them
    has free is of no use to the others. Threads of Python take turns, so that two heaps do for all.
    Where the threads have theirs already, or the library is another one, nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, _HEAPS)


def of_processes(
    pids: Mapping[str, int], *, apart: frozenset[int] = frozenset()
) -> list[ProcessMemory]:
    """One row for each process that lives; those in ``apart`` count as nobody's descendants."""
    return [found for name, pid in pids.items() if (found := _of_tree(name, pid, apart))]


def _of_tree(name: str, pid: int, apart: frozenset[int]) -> ProcessMemory | None:
    resident, shared = [], []
    for one in _tree(pid, apart):
        try:
            resident.append(one.memory_info().rss)
            shared.append(getattr(one.memory_full_info(), "pss", None))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    if not resident:
        return None
    known = [bytes_ for bytes_ in shared if bytes_ is not None]
    return ProcessMemory(
        name, pid, len(resident), sum(resident), max(resident),
        sum(known) if len(known) == len(resident) else None,
    )  # fmt: skip


def _tree(pid: int, apart: frozenset[int]) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        children = parent.children()
    except psutil.NoSuchProcess:
        return []
    below = [one for child in children if child.pid not in apart for one in _tree(child.pid, apart)]
    return [parent, *below]
