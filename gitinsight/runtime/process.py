"""Child processes that end with their parent, whatever becomes of it."""

import ctypes
import fcntl
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


def start(
    command: Sequence[str | Path], *, log: IO[bytes], env: Mapping[str, str] | None = None,
    end_signal: signal.Signals = signal.SIGTERM, user: tuple[int, int] | None = None,
    directory: Path | None = None,
) -> "subprocess.Popen[bytes]":  # fmt: skip
    """A child in a session of its own. On Linux the kernel sends it ``end_signal`` when this
    process is gone, kill -9 included; ``user`` is (uid, gid) to run as.
    """
    return subprocess.Popen(  # noqa: S603 - no shell, commands of our own
        [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        env=dict(env) if env is not None else None, cwd=directory or "/", start_new_session=True,
        user=user[0] if user else None, group=user[1] if user else None,
        extra_groups=[] if user else None,
        preexec_fn=dies_with_parent(end_signal),  # noqa: PLW1509 - it takes no lock
    )  # fmt: skip


def stop(child: "subprocess.Popen[bytes]", *, by: signal.Signals, grace_seconds: float) -> None:
    """Ask, wait, and end what does not listen."""
    if child.poll() is None:
        child.send_signal(by)
        try:
            child.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def free_port(preferred: int) -> int:
    """``preferred`` where nobody listens there, else one that the system picks."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise OSError("no free port on 127.0.0.1")


def lock(file: IO[str], how: int = fcntl.LOCK_EX) -> bool:
    """Without waiting: whether it is ours now, and of no other process, until it is closed."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def dies_with_parent(end_signal: signal.Signals) -> Callable[[], None] | None:
    """For ``preexec_fn``. The kernel takes the thread that starts a child for its parent."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: afterwards only calls are safe
    return lambda: prctl(_PR_SET_PDEATHSIG, int(end_signal))


def call_it(name: str) -> None:
    """How this process is called in lists of processes, on Linux; of forks the command says it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, f"gi {name}".encode()[:15])
