"""Children that serve together: restarted when they end, ended when they are told to."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.waiting import wait_for

_PROGRAM = """
import os, pathlib, sys, time
from api import workers

def serve():
    (pathlib.Path(sys.argv[1]) / str(os.getpid())).touch()
    time.sleep(60)

workers.run(3, serve)
"""


def test_one_that_ends_is_replaced_and_all_end_together(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(tmp_path)])
    try:
        first = wait_for(lambda: pids(tmp_path, 3))
        os.kill(first[0], signal.SIGKILL)
        every = wait_for(lambda: pids(tmp_path, 4))
    finally:
        parent.terminate()
        parent.wait(10)

    assert parent.returncode == 0
    wait_for(lambda: not any(is_alive(one) for one in every))


def test_they_do_not_outlive_who_started_them(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(tmp_path)])
    children = wait_for(lambda: pids(tmp_path, 3))
    parent.kill()
    parent.wait(10)

    wait_for(lambda: not any(is_alive(one) for one in children))


def pids(directory: Path, count: int) -> list[int]:
    found = sorted(int(one.name) for one in directory.iterdir())
    return found if len(found) == count else []


def is_alive(pid: int) -> bool:
    """A zombie that nobody has waited for yet is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    time.sleep(0)
    return state != "Z"
