"""Children that serve together: restarted when they end, ended when they are told to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.waiting import wait_for

_WORKER = """
import os, pathlib, sys, time
if (pathlib.Path(sys.argv[1]) / "broken").exists():
    sys.exit(1)
(pathlib.Path(sys.argv[1]) / str(os.getpid())).touch()
os.write(int(sys.argv[2]), b"!")
time.sleep(60)
"""
_PROGRAM = """
import sys
from api import workers
workers.run(3, lambda ready: [sys.executable, "-c", sys.argv[2], sys.argv[1], str(ready)])
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path), _WORKER]
    with subprocess.Popen(command) as one:
        yield one
        one.terminate()


def test_one_that_ends_is_replaced_and_all_end_together(
    parent: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    first = wait_for(lambda: pids(tmp_path, 3))
    os.kill(first[0], signal.SIGKILL)
    every = wait_for(lambda: pids(tmp_path, 4))
    parent.terminate()
    parent.wait(10)

    assert parent.returncode == 0
    wait_for(lambda: not any(is_alive(one) for one in every))


def test_they_do_not_outlive_who_started_them(
    parent: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    children = wait_for(lambda: pids(tmp_path, 3))
    parent.kill()
    parent.wait(10)

    wait_for(lambda: not any(is_alive(one) for one in children))


def test_those_that_are_there_go_when_as_many_new_ones_serve(
    parent: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    old = wait_for(lambda: pids(tmp_path, 3))
    parent.send_signal(signal.SIGHUP)
    new = set(wait_for(lambda: pids(tmp_path, 6))) - set(old)

    wait_for(lambda: not any(is_alive(one) for one in old))
    assert all(is_alive(one) for one in new)


def test_those_that_are_there_stay_where_new_ones_do_not_come_up(
    parent: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    old = wait_for(lambda: pids(tmp_path, 3))
    (tmp_path / "broken").touch()
    parent.send_signal(signal.SIGHUP)
    time.sleep(1.5)
    assert all(is_alive(one) for one in old)

    (tmp_path / "broken").unlink()
    parent.send_signal(signal.SIGHUP)
    wait_for(lambda: not any(is_alive(one) for one in old))


def pids(directory: Path, count: int) -> list[int]:
    found = sorted(int(one.name) for one in directory.iterdir() if one.name.isdigit())
    return found if len(found) == count else []


def is_alive(pid: int) -> bool:
    """A zombie that nobody has waited for yet is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    time.sleep(0)
    return state != "Z"
