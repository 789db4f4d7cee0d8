"""How much memory the processes of the stack use."""

from collections.abc import Mapping
from dataclasses import dataclass

import psutil


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


def of_processes(pids: Mapping[str, int]) -> list[ProcessMemory]:
    """One row for each process that lives."""
    return [found for name, pid in pids.items() if (found := _of_tree(name, pid)) is not None]


def _of_tree(name: str, pid: int) -> ProcessMemory | None:
    try:
        parent = psutil.Process(pid)
        tree = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return None
    resident, shared = [], []
    for one in tree:
        try:
            resident.append(one.memory_info().rss)
            shared.append(getattr(one.memory_full_info(), "pss", None))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    known = [bytes_ for bytes_ in shared if bytes_ is not None]
    return ProcessMemory(
        name, pid, len(resident), sum(resident), max(resident, default=0),
        sum(known) if len(known) == len(resident) else None,
    )  # fmt: skip
