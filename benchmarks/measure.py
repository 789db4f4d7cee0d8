"""Runs one command and says how long it took and how much memory its processes held at once."""

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from gitinsight.runtime.process import dies_with_parent

_SAMPLE_SECONDS = 0.05
_LOOK_SECONDS = 0.5
"""Between looks for new descendants: each look reads the whole process table."""


class Failed(RuntimeError):
    """The command did not end as it should; the text is the end of what it said."""


def own_peak_bytes() -> int:
    """The most resident memory that this process has had since its program began."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise Failed("the kernel does not say how much memory a process had")


@dataclass(frozen=True, slots=True)
class Measured:
    """``peak_bytes`` is the largest resident memory seen of the process and its descendants
    together; ``cpu_seconds`` is that of the same processes, waited for.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: bytes

    @property
    def last_line(self) -> Any:
        """What a program says as JSON in its last line."""
        return json.loads(self.output.splitlines()[-1])


def run(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None,
    directory: Path | None = None, timeout_seconds: float = 3_600,
) -> Measured:  # fmt: skip
    """Failed where it ends with anything but 0, or not in time."""
    before = _children_seconds()
    with (
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as complaint,
        subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output,
            stderr=complaint, env={**os.environ, **(env or {})}, cwd=directory,
            preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509 - it takes no lock
        ) as child,
    ):  # fmt: skip
        started = time.perf_counter()
        memory = _Memory(child.pid)
        try:
            child.wait(timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{command[0]}: not done after {timeout_seconds:.0f} s") from error
        finally:
            child.kill()
            peak_bytes = memory.stop()
        seconds = time.perf_counter() - started
        if child.returncode != 0:
            complaint.seek(0)
            text = complaint.read().decode("utf-8", "replace").strip()[-2_000:]
            raise Failed(f"{command[0]}: ended with {child.returncode}: {text}")
        output.seek(0)
        return Measured(seconds, _children_seconds() - before, peak_bytes, output.read())


def _children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


class _Memory:
    """Watches a process tree until it is told to stop."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._peak_bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._over.set()
        self._thread.join()
        return self._peak_bytes

    def _watch(self) -> None:
        tree, looked_at = [self._root], 0.0
        while not self._over.wait(_SAMPLE_SECONDS):
            if time.monotonic() - looked_at > _LOOK_SECONDS:
                tree, looked_at = [self._root, *_descendants(self._root)], time.monotonic()
            self._peak_bytes = max(self._peak_bytes, sum(map(_resident_bytes, tree)))


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
