"""Services start in order, live on, and end without leaving anything behind."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime import supervisor as supervisors
from gitinsight.runtime.supervisor import Service, Supervisor
from tests.support.waiting import wait_for

LIVES = "trap 'echo $0 >> $0.down; echo $0 >> all.down; exit 0' TERM; touch $0.up; "
LIVES += "while :; do sleep 0.02; done"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    one = Supervisor(tmp_path, record=tmp_path / "pids.json")
    yield one
    one.stop()


def service(home: Path, name: str, script: str = LIVES, **more: Any) -> Service:
    """Ready when it says so, by making a file of its name."""
    command = ["/bin/sh", "-c", script, name]
    ready = (home / f"{name}.up").exists
    return replace(Service(name, command, ready=ready, start_seconds=20, directory=home), **more)


@contextmanager
def watched(supervisor: Supervisor, act: Callable[[], None]) -> Iterator[None]:
    """``act`` goes on in a thread of its own while the supervisor watches in this one."""
    stop, failures = threading.Event(), list[BaseException]()

    def go() -> None:
        try:
            act()
        except BaseException as failure:  # noqa: BLE001 - raised again below
            failures.append(failure)
        finally:
            stop.set()

    thread = threading.Thread(target=go)
    thread.start()
    try:
        supervisor.run_until(stop)
        yield
    finally:
        stop.set()
        thread.join()
    for failure in failures:
        raise failure


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_what_is_started_later_finds_the_earlier_ready(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    supervisor.start(service(tmp_path, "database", f"sleep 0.2; {LIVES}"))
    supervisor.start(service(tmp_path, "api", f"test -e database.up || exit 1; {LIVES}"))

    assert supervisor.pids().keys() == {"database", "api"}


def test_services_that_are_started_together_may_wait_for_each_other(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    waits = "until test -e {}.up; do sleep 0.02; done; "
    supervisor.start(
        service(tmp_path, "one", waits.format("two") + LIVES), service(tmp_path, "two")
    )

    assert (tmp_path / "one.up").exists()


def test_services_stop_in_reverse_and_leave_nothing_behind(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    orphan = "sleep 600 & echo $! > child; "
    for name in ("database", "api", "worker"):
        supervisor.start(service(tmp_path, name, orphan + LIVES if name == "api" else LIVES))
    pids = [*supervisor.pids().values(), int((tmp_path / "child").read_text())]

    supervisor.stop()

    assert (tmp_path / "all.down").read_text().split() == ["worker", "api", "database"]
    wait_for(lambda: all(is_gone(pid) for pid in pids))
    assert supervisor.pids() == {}


def test_a_service_that_does_not_listen_is_killed(tmp_path: Path, supervisor: Supervisor) -> None:
    deaf = "trap '' TERM; touch $0.up; exec sleep 60"
    supervisor.start(service(tmp_path, "deaf", deaf, grace_seconds=0.1))
    (pid,) = supervisor.pids().values()

    supervisor.stop()

    assert is_gone(pid)


def test_a_record_says_which_process_is_which_for_as_long_as_they_run(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    supervisor.start(service(tmp_path, "api"))

    record = json.loads((tmp_path / "pids.json").read_text())
    assert record == {"supervisor": os.getpid(), "api": supervisor.pids()["api"]}
    supervisor.stop()
    assert not (tmp_path / "pids.json").exists()


def test_a_service_that_was_killed_is_started_again(tmp_path: Path, supervisor: Supervisor) -> None:
    supervisor.start(service(tmp_path, "api"), service(tmp_path, "other"))
    before = supervisor.pids()

    def kill() -> None:
        (tmp_path / "api.up").unlink()
        os.kill(before["api"], signal.SIGKILL)
        wait_for((tmp_path / "api.up").exists)

    with watched(supervisor, kill):
        after = supervisor.pids()

    assert after["api"] != before["api"]
    assert after["other"] == before["other"]
    assert json.loads((tmp_path / "pids.json").read_text())["api"] == after["api"]


def test_what_a_dead_service_left_behind_is_gone_before_it_starts_again(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    script = "test -e child || { sleep 600 & echo $! > child; }; " + LIVES
    supervisor.start(service(tmp_path, "api", script))
    child = int((tmp_path / "child").read_text())

    def kill() -> None:
        os.kill(supervisor.pids()["api"], signal.SIGKILL)
        wait_for(lambda: is_gone(child))

    with watched(supervisor, kill):
        pass


def test_a_service_that_keeps_ending_is_given_up_with_its_last_words(
    tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisors, "_QUICK_DEATHS", 2)  # five of them take eight seconds
    script = "touch $0.up; until test -e go; do sleep 0.02; done; echo one; echo two; exit 3"
    supervisor.start(service(tmp_path, "api", script))
    (tmp_path / "go").touch()

    with pytest.raises(BrokenEnvironment) as caught:
        supervisor.run_until(threading.Event())

    assert caught.value.problem == "api keeps ending: two"
    assert str(tmp_path / "logs" / "api.log") in caught.value.hint


@pytest.mark.parametrize(
    ("script", "options", "problem"),
    [
        ("echo 'port 80 is taken' >&2; exit 1", {}, "api does not start: port 80 is taken"),
        ("echo slow; sleep 600", {"start_seconds": 0.3}, "api does not start: slow"),
        ("exit 1", {}, "api does not start: "),
    ],
    ids=["ends", "is-slow", "says-nothing"],
)
def test_a_service_that_does_not_start_says_why(
    tmp_path: Path, supervisor: Supervisor, script: str, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(BrokenEnvironment) as caught:
        supervisor.start(service(tmp_path, "api", script, **options))

    assert caught.value.problem == problem


def test_a_program_that_is_not_there_is_told_and_what_had_started_is_stopped(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    with pytest.raises(BrokenEnvironment, match=r"^missing does not start: .*No such file"):
        supervisor.start(service(tmp_path, "api"), Service("missing", ["/no/such/program"]))
    (pid,) = supervisor.pids().values()

    supervisor.stop()

    assert is_gone(pid)


@pytest.mark.parametrize("has_passed", [True, False], ids=["passed-meanwhile", "still-there"])
def test_a_start_that_fails_for_a_passing_reason_is_tried_again(
    tmp_path: Path, supervisor: Supervisor, *, has_passed: bool
) -> None:
    script = f"test -e seen && {{ {LIVES}; }}; touch seen; exit 1"

    def passing() -> bool:
        return (tmp_path / "seen").exists() != has_passed

    supervisor.start(service(tmp_path, "api", script, passing=passing))

    assert (tmp_path / "api.up").exists()


def test_a_start_that_nothing_passing_stands_in_the_way_of_is_not_tried_again(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    with pytest.raises(BrokenEnvironment):
        supervisor.start(service(tmp_path, "api", "echo x >> tries; exit 1", passing=lambda: False))

    assert (tmp_path / "tries").read_text() == "x\n"


def test_a_log_that_has_grown_large_is_put_aside(tmp_path: Path, supervisor: Supervisor) -> None:
    log = tmp_path / "logs" / "api.log"
    log.parent.mkdir()
    with log.open("wb") as file:
        file.truncate(21 * 2**20)

    supervisor.start(service(tmp_path, "api", f"echo fresh; {LIVES}"))

    assert log.read_text() == "fresh\n"
    assert log.with_suffix(".log.1").stat().st_size == 21 * 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child")
def test_services_end_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    code = f"""
import threading
from pathlib import Path
from gitinsight.runtime.supervisor import Service, Supervisor
one = Supervisor(Path({str(tmp_path)!r}), record=Path({str(tmp_path / "pids.json")!r}))
one.start(Service("api", ["/bin/sh", "-c", {LIVES!r}, "api"], directory=Path({str(tmp_path)!r})))
one.run_until(threading.Event())
"""
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        wait_for((tmp_path / "api.up").exists)
        pid = json.loads((tmp_path / "pids.json").read_text())["api"]

        parent.kill()

    wait_for(lambda: is_gone(pid))
    assert (tmp_path / "api.down").read_text() == "api\n"
