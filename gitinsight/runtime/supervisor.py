"""Keeps the processes of the stack alive and ends them in order."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gitinsight import logs
from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime import process

_LOG = logs.get(__name__)
_POLL_SECONDS = 0.05
_QUICK_SECONDS = 30
_QUICK_DEATHS = 5
_LOG_BYTES = 20 * 2**20


@dataclass(frozen=True, slots=True)
class Service:
    """``ready`` says whether it can be used; without one it is ready when it runs. ``passing``
    says, before a start and after it failed, whether what stands in its way will pass. ``user`` is
    (uid, gid) to run as.
    """

    name: str
    command: Sequence[str | Path]
    env: Mapping[str, str] | None = None
    ready: Callable[[], bool] | None = None
    passing: Callable[[], bool] | None = None
    start_seconds: float = 90
    grace_seconds: float = 10
    stop_signal: signal.Signals = signal.SIGTERM
    user: tuple[int, int] | None = None
    directory: Path | None = None


@dataclass(slots=True)
class _Child:
    service: Service
    may_fail: bool
    running: "subprocess.Popen[bytes]"
    started: float
    deaths: list[float] = field(default_factory=list)
    again_at: float | None = None


class Supervisor:
    """Starts services in their order, restarts those that die, stops them in reverse.

    To be used from one thread that lives on: the kernel ends a child when the thread that made it
    ends. ``record`` is a file that says which process is which, for as long as they run.
    """

    def __init__(self, state_dir: Path, *, record: Path | None = None) -> None:
        self._state_dir = state_dir
        self._record = record
        self._children: list[_Child] = []

    def start(self, *services: Service) -> None:
        """Start together, wait for all; BrokenEnvironment with the last line of what failed."""
        begun = len(self._children)
        for service in services:
            may_fail = _is_passing(service)
            child = _Child(service, may_fail, self._spawn(service), time.monotonic())
            self._children.append(child)
        self._write_record()
        for child in self._children[begun:]:
            self._await(child)

    def pids(self) -> dict[str, int]:
        return {child.service.name: child.running.pid for child in self._children}

    def run_until(self, stop: threading.Event) -> None:
        """Watch the children; BrokenEnvironment where one keeps dying."""
        while not stop.wait(_POLL_SECONDS):
            for child in self._children:
                self._watch(child)

    def stop(self) -> None:
        for child in reversed(self._children):
            process.stop(
                child.running, by=child.service.stop_signal,
                grace_seconds=child.service.grace_seconds,
            )  # fmt: skip
            _kill_group(child.running.pid)
        self._children.clear()
        if self._record is not None:
            self._record.unlink(missing_ok=True)

    def _write_record(self) -> None:
        if self._record is not None:
            known = self.pids() | {"supervisor": os.getpid()}
            self._record.write_text(json.dumps(known), "utf-8")

    def _log(self, service: Service) -> Path:
        return self._state_dir / "logs" / f"{service.name}.log"

    def _spawn(self, service: Service) -> "subprocess.Popen[bytes]":
        path = self._log(service)
        path.parent.mkdir(exist_ok=True)
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        try:
            with path.open("ab") as log:
                return process.start(
                    service.command, log=log, env=service.env, end_signal=service.stop_signal,
                    user=service.user, directory=service.directory,
                )  # fmt: skip
        except OSError as error:
            raise BrokenEnvironment(
                f"{service.name} does not start: {error}", "reinstall it, or see the message"
            ) from error

    def _await(self, child: _Child) -> None:
        service, deadline = child.service, child.started + child.service.start_seconds
        while True:
            is_gone = child.running.poll() is not None
            if not is_gone and (service.ready is None or service.ready()):
                return
            is_passing = is_gone and (child.may_fail or _is_passing(service))
            if time.monotonic() > deadline or (is_gone and not is_passing):
                raise BrokenEnvironment(
                    f"{service.name} does not start: {self._last_line(service)}",
                    f"see {self._log(service)}",
                )
            time.sleep(_POLL_SECONDS)
            if is_passing:
                child.may_fail = _is_passing(service)
                child.running = self._spawn(service)
                self._write_record()

    def _watch(self, child: _Child) -> None:
        now = time.monotonic()
        if child.again_at is not None:
            if now >= child.again_at:
                child.running, child.started = self._spawn(child.service), now
                child.again_at = None
                self._write_record()
            return
        code = child.running.poll()
        if code is None:
            return
        _kill_group(child.running.pid)
        if now - child.started > _QUICK_SECONDS:
            child.deaths.clear()
        child.deaths.append(now)
        if len(child.deaths) >= _QUICK_DEATHS:
            raise BrokenEnvironment(
                f"{child.service.name} keeps ending: {self._last_line(child.service)}",
                f"see {self._log(child.service)}",
            )
        child.again_at = now + 2 ** (len(child.deaths) - 1) / 2
        _LOG.warning("service_ended", service=child.service.name, code=code)

    def _last_line(self, service: Service) -> str:
        try:
            lines = self._log(service).read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1][:300] if lines else ""


def _is_passing(service: Service) -> bool:
    return service.passing is not None and service.passing()


def _kill_group(pid: int) -> None:
    """What a service has left behind in its session."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    except PermissionError:
        _LOG.warning("process_group_not_ended", pid=pid)
