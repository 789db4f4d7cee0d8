"""Child processes end when they are told to, and when their parent is gone."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from gitinsight.runtime import process
from tests.support.waiting import wait_for

FOR_EVER = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_a_child_writes_to_its_log_in_the_directory_and_environment_that_it_is_given(
    tmp_path: Path,
) -> None:
    with (tmp_path / "log").open("ab") as log:
        child = process.start(
            ["/bin/sh", "-c", "pwd; echo $WORD; echo wrong >&2"],
            log=log, env={"WORD": "told"}, directory=tmp_path,
        )  # fmt: skip

        assert child.wait(10) == 0
    assert (tmp_path / "log").read_text().splitlines() == [str(tmp_path), "told", "wrong"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_a_child_may_run_as_somebody_else() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "wb") as log:
        process.start(["/usr/bin/id", "-u"], log=log, user=(65534, 65534)).wait(10)

    with os.fdopen(read) as output:
        assert output.read() == "65534\n"


def test_a_child_that_is_asked_to_stop_ends_by_the_signal_that_it_knows(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as log:
        child = process.start(
            ["/bin/sh", "-c", "trap 'echo bye; exit 0' INT; echo up; while :; do sleep 0.02; done"],
            log=log,
        )
    wait_for(lambda: "up" in (tmp_path / "log").read_text())

    process.stop(child, by=signal.SIGINT, grace_seconds=10)

    assert child.returncode == 0
    assert (tmp_path / "log").read_text().split() == ["up", "bye"]


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as log:
        child = process.start(["/bin/sh", "-c", "trap '' TERM; echo up; exec sleep 60"], log=log)
    wait_for(lambda: "up" in (tmp_path / "log").read_text())

    process.stop(child, by=signal.SIGTERM, grace_seconds=0.1)

    assert child.returncode == -signal.SIGKILL


def test_stopping_a_child_that_has_ended_is_nothing_to_do(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as log:
        child = process.start(["/bin/true"], log=log)
    child.wait(10)

    process.stop(child, by=signal.SIGTERM, grace_seconds=0)

    assert child.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child")
def test_children_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from gitinsight.runtime import process\n"
        f"child = process.start({FOR_EVER!r}, log=open('/dev/null', 'ab'))\n"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))

        parent.kill()

    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_free_port_is_the_preferred_one_unless_somebody_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        assert process.free_port(port) not in {port, 0}

    assert process.free_port(port) == port


def test_a_lock_is_of_one_or_shared_and_nobody_waits_for_it(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as one, (tmp_path / "lock").open("w") as other:
        assert process.lock(one)
        assert not process.lock(other)
        assert process.lock(one, fcntl.LOCK_SH)
        assert process.lock(other, fcntl.LOCK_SH)
        assert not process.lock(other)
    with (tmp_path / "lock").open("w") as after:
        assert process.lock(after)
