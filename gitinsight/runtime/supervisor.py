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
_POLL_SECONDS = 0.1
_QUICK_SECONDS = 30
_QUICK_DEATHS = 5
_LOG_BYTES = 20 * 2**20


@dataclass(frozen=True, slots=True)
class Service:
    """``ready`` says whether it can be used; without one it is ready when it runs."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], bool] | None = None
    start_seconds: float = 90
    grace_seconds: float = 10


@dataclass(slots=True)
class _Child:
    service: Service
    running: "subprocess.Popen[bytes]"
    started: float
    deaths: list[float] = field(default_factory=list)
    again_at: float | None = None


class Supervisor:
    """Starts services in their order, restarts those that die, stops them in reverse.

    To be used from the main thread: the kernel ends a child when the thread that made it ends.
    """

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._children: list[_Child] = []

    def start(self, *services: Service) -> None:
        """Start together, wait for all; BrokenEnvironment with the last line of what failed."""
        begun = [self._spawn(service) for service in services]
        self._children += begun
        self._record()
        for child in begun:
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
                child.running, by=signal.SIGTERM, grace_seconds=child.service.grace_seconds
            )
            _kill_group(child.running.pid)
        self._children.clear()
        self._path.unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        return self._state_dir / "run" / "pids.json"

    def _record(self) -> None:
        known = self.pids() | {"supervisor": os.getpid()}
        self._path.write_text(json.dumps(known), "utf-8")

    def _log(self, service: Service) -> Path:
        return self._state_dir / "logs" / f"{service.name}.log"

    def _spawn(self, service: Service) -> _Child:
        path = self._log(service)
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            running = process.start(
                service.command, log=log, env=service.env, directory=self._state_dir
            )
        return _Child(service, running, time.monotonic())

    def _await(self, child: _Child) -> None:
        service = child.service
        while service.ready is not None and not service.ready():
            waited = time.monotonic() - child.started
            if child.running.poll() is not None or waited > service.start_seconds:
                log = self._log(service)
                raise BrokenEnvironment(
                    f"{service.name} does not start: {process.last_line(log)}", f"see {log}"
                )
            time.sleep(_POLL_SECONDS)

    def _watch(self, child: _Child) -> None:
        now = time.monotonic()
        if child.again_at is not None:
            if now >= child.again_at:
                fresh = self._spawn(child.service)
                child.running, child.started, child.again_at = fresh.running, fresh.started, None
                self._record()
            return
        code = child.running.poll()
        if code is None:
            return
        _kill_group(child.running.pid)
        if now - child.started > _QUICK_SECONDS:
            child.deaths.clear()
        child.deaths.append(now)
        if len(child.deaths) >= _QUICK_DEATHS:
            log = self._log(child.service)
            raise BrokenEnvironment(
                f"{child.service.name} keeps ending: {process.last_line(log)}", f"see {log}"
            )
        child.again_at = now + 2 ** (len(child.deaths) - 1)
        _LOG.warning("service_ended", service=child.service.name, code=code)


def _kill_group(pid: int) -> None:
    """What a service has left behind in its session."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    except PermissionError:
        _LOG.warning("process_group_not_ended", pid=pid)
