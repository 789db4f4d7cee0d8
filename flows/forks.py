"""A run is a fork of a process that has imported everything, not an interpreter that has yet to.

Prefect starts a new Python for each run, whose imports cost more than a small analysis. ``begin``
puts ``run_process`` in the place of the function that Prefect's runner starts its runs by: all that
it asks of a process (a number, an exit code, an end on cancellation) it has of a fork, too.

``begin`` forks a seed from the worker, which costs next to no memory. The first run makes it fork
what imports all the rest and forks the runs, and goes when there was none for a while. Each of them
is ended by the kernel when its parent is. Only on Linux is a fork of Python safe; a worker
elsewhere starts its runs as Prefect does.
"""

import gc
import os
import runpy
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.abc
from prefect.runner import _starter_engine
from prefect.utilities import processutils

from gitinsight import logs
from gitinsight.runtime import process

T = TypeVar("T")
_LOG = logs.get(__name__)
_ENGINE = "prefect.engine"
_REPLACED = "run_process"
"""Of the module that starts runs, which says that it is to be exchanged there."""


@dataclass(slots=True)
class Fork:
    """As Prefect's runner looks at a process."""

    pid: int
    returncode: int | None = None


class Forks:
    """The process that forks, as its worker sees it."""

    def __init__(self, asked: socket.socket) -> None:
        self._asked = asked

    async def run_process(
        self, command: list[str], *, task_status: anyio.abc.TaskStatus[T],
        task_status_handler: Callable[[Any], T], env: Mapping[str, str],
        cwd: Path | str | None = None, **others: Any,
    ) -> Any:  # fmt: skip
        """Begin a run and wait for its end; it is ended when whoever waits is."""
        ours, theirs = socket.socketpair()
        with Connection(ours.detach()) as run:
            pid = await self._ask(run, theirs, (dict(env), cwd))
            if pid is None:
                _LOG.warning("runs_begin_slowly", reason="what forks them is gone")
                return await processutils.run_process(
                    command, task_status=task_status, task_status_handler=task_status_handler,
                    env=env, cwd=cwd, **others,
                )  # fmt: skip
            fork = Fork(pid)
            try:
                task_status.started(task_status_handler(fork))
                code = await _said(run)
                fork.returncode = -signal.SIGKILL if code is None else code
            finally:
                if fork.returncode is None:
                    os.kill(fork.pid, signal.SIGTERM)
        return fork

    async def _ask(self, run: Connection, theirs: socket.socket, told: object) -> int | None:
        try:
            with theirs:
                socket.send_fds(self._asked, [b"."], [theirs.fileno()])
            run.send(told)
        except OSError:
            return None
        return await _said(run)


async def _said(run: Connection) -> int | None:
    """Null where what forks is gone, and its runs with it."""
    await anyio.wait_readable(run.fileno())
    try:
        told: int = run.recv()
    except (EOFError, OSError):
        return None
    return told


def begin(prepare: Callable[[], object], *, idle_seconds: float) -> None:
    """To be called before there is a thread or a connection. What every run needs and this process
    does not is imported by ``prepare``, beside it: 150 MB that are given back, and paid for again,
    after ``idle_seconds`` without a run.
    """
    if sys.platform != "linux":
        return
    gc.collect()
    gc.freeze()  # what is there by now is shared for as long as nobody writes to it

    def fork_for(asked: socket.socket) -> None:
        prepare()
        _fork_for(asked, idle_seconds)

    seed = _beside("seed", partial(_grow, fork_for))
    setattr(_starter_engine, _REPLACED, Forks(seed).run_process)


def _beside(name: str, work: Callable[[socket.socket], None]) -> socket.socket:
    """A fork that does ``work``, and what it is asked through."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        try:
            _become(name)
            ours.close()
            work(theirs)
        finally:
            os._exit(0)
    theirs.close()
    return ours


def _become(name: str) -> None:
    """Of a fork that has just begun: it has a name, and no longer life than its parent."""
    dies = process.dies_with_parent(signal.SIGKILL)
    if dies is not None:
        dies()
    process.call_it(name)


def _grow(fork_for: Callable[[socket.socket], None], asked: socket.socket) -> None:
    """Hand on what is asked, to a new one where the last is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that are gone
    forks: socket.socket | None = None
    while handles := socket.recv_fds(asked, 1, 1)[1]:
        try:
            if forks is None:
                raise BrokenPipeError
            socket.send_fds(forks, [b"."], handles)
        except OSError:
            forks = _beside("forks", fork_for)
            socket.send_fds(forks, [b"."], handles)
        os.close(handles[0])


def _fork_for(asked: socket.socket, idle_seconds: float) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    gc.collect()
    gc.freeze()
    runs: dict[Connection | socket.socket | int, tuple[ForkProcess, Connection]] = {}
    while found := wait([asked, *runs], None if runs else idle_seconds):
        for ready in found:
            if ready is asked:
                _, handles, _, _ = socket.recv_fds(asked, 1, 1)
                run = Connection(handles[0])
                held = [asked, run, *(other for _, other in runs.values())]
                child = get_context("fork").Process(target=_run, args=(*run.recv(), held))
                child.start()
                runs[child.sentinel] = child, run
                _say(run, child.pid)
            else:
                child, run = runs.pop(ready)
                child.join()
                with run:
                    _say(run, child.exitcode)
                child.close()


def _say(run: Connection, number: int | None) -> None:
    """Who waits no more has ended the run."""
    with suppress(OSError):
        run.send(number)


def _run(
    env: Mapping[str, str], directory: Path | str | None, held: list[socket.socket | Connection]
) -> None:
    """What ``python -m prefect.engine`` does."""
    _become("run")
    for one in held:
        one.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(env)
    if directory is not None:
        os.chdir(directory)
    sys.argv = [_ENGINE]
    sys.modules.pop(_ENGINE, None)  # it becomes another one, the main one
    runpy.run_module(_ENGINE, run_name="__main__", alter_sys=True)
