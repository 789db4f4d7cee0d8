"""Several processes that serve the same socket: started, replaced, and stopped together.

They are programs of their own and not copies of this one, so that SIGHUP brings up what is
installed by then. Those that are there go only when as many new ones serve; where a new one does
not come up, they stay.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gitinsight import logs
from gitinsight.runtime.process import dies_with_parent

_LOG = logs.get(__name__)
_STOPS = {signal.SIGINT, signal.SIGTERM}
_SIGNALS = {*_STOPS, signal.SIGHUP, signal.SIGCHLD}
_LOOK_SECONDS = 0.1
_PAUSE_SECONDS = 0.5
"""One that ends as soon as it begins does not keep the machine busy."""
_START_SECONDS = 120.0

Command = Callable[[int], Sequence[str]]
"""What to start; it writes a byte to this descriptor when it serves."""


def run(count: int, command: Command, *, shared: Sequence[int] = ()) -> None:
    """``count`` of them, which inherit the descriptors ``shared``, until this one is to stop."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    workers = _Workers(count, command, shared)
    while True:
        workers.look()
        if workers.are_gone:
            return
        caught = signal.sigtimedwait(_SIGNALS, _LOOK_SECONDS)
        if caught is not None and caught.si_signo in _STOPS:
            workers.stop()
        elif caught is not None and caught.si_signo == signal.SIGHUP:
            workers.replace()


@dataclass(slots=True)
class _Worker:
    process: "subprocess.Popen[bytes]"
    ready: int
    started: float
    serves: bool = False

    def look(self) -> None:
        if not self.serves:
            try:
                self.serves = bool(os.read(self.ready, 1))
            except BlockingIOError:
                return

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()


class _Workers:
    """``next`` are those that come up to take the place of ``these``."""

    def __init__(self, count: int, command: Command, shared: Sequence[int]) -> None:
        self._count = count
        self._command = command
        self._shared = shared
        self._these: list[_Worker] = []
        self._next: list[_Worker] | None = None
        self._leaving: list[_Worker] = []
        self._is_over = False
        self._not_before = 0.0

    @property
    def are_gone(self) -> bool:
        return self._is_over and not self._leaving

    def stop(self) -> None:
        self._is_over = True
        self._leave([*self._these, *(self._next or [])])
        self._these, self._next = [], None

    def replace(self) -> None:
        if self._is_over or self._next is not None:
            return
        _LOG.info("workers.replaced", count=self._count)
        self._next = [self._start() for _ in range(self._count)]

    def look(self) -> None:
        self._leaving = [one for one in self._leaving if not _has_ended(one)]
        for one in (*self._these, *(self._next or [])):
            one.look()
        if self._next is not None:
            self._look_at_next(self._next)
        for one in [one for one in self._these if _has_ended(one)]:
            _LOG.warning("worker.ended", pid=one.process.pid, status=one.process.returncode)
            self._these.remove(one)
            self._not_before = time.monotonic() + _PAUSE_SECONDS
        if not self._is_over and time.monotonic() >= self._not_before:
            while len(self._these) < self._count:
                self._these.append(self._start())

    def _look_at_next(self, coming: list[_Worker]) -> None:
        if all(one.serves for one in coming):
            self._leave(self._these)
            self._these, self._next = coming, None
        elif any(_has_ended(one) or _is_late(one) for one in coming):
            _LOG.error("workers.not_replaced", reason="one that is new does not come up")
            self._leave(coming)
            self._next = None

    def _leave(self, workers: list[_Worker]) -> None:
        for one in workers:
            one.end()
        self._leaving += workers

    def _start(self) -> _Worker:
        ready, told = os.pipe()
        os.set_blocking(ready, False)
        process = subprocess.Popen(  # noqa: S603 - no shell, a command of our own
            self._command(told), pass_fds=(told, *self._shared),
            preexec_fn=_begin(dies_with_parent(signal.SIGTERM)),  # noqa: PLW1509 - takes no lock
        )  # fmt: skip
        os.close(told)
        return _Worker(process, ready, time.monotonic())


def _begin(bind_to_parent: Callable[[], None] | None) -> Callable[[], None]:
    def begin() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        if bind_to_parent is not None:
            bind_to_parent()

    return begin


def _has_ended(worker: _Worker) -> bool:
    if worker.process.poll() is None:
        return False
    if worker.ready >= 0:
        os.close(worker.ready)
        worker.ready = -1
    return True


def _is_late(worker: _Worker) -> bool:
    return not worker.serves and time.monotonic() - worker.started > _START_SECONDS
