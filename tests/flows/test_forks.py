"""Runs that are forks: what they are given, how they end, and who ends them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="runs are forks on Linux only")
ROOT = Path(__file__).parents[2]
_SCRIPT = """
import json, os, runpy, signal, sys, time
import anyio
from prefect.runner import _starter_engine
from flows import forks

def prepare():  # what runs is told by its environment, and not by Prefect
    runpy.run_module = lambda name, **_: exec(os.environ["TOLD"], {"os": os, "time": time})

async def run(told, meanwhile=None, **given):
    async def whole(*, task_status):
        await _starter_engine.run_process(
            command=["false"], stream_output=True, task_status=task_status,
            task_status_handler=lambda run: run, env={"TOLD": told}, **given,
        )
    async with anyio.create_task_group() as group:
        begun = await group.start(whole)
        if meanwhile is not None:
            meanwhile(group, begun)
    return begun

async def both():
    ended = []
    async def one(code, seconds):
        ended.append((await run(f"time.sleep({seconds}); raise SystemExit({code})")).returncode)
    async with anyio.create_task_group() as group:
        group.start_soon(one, 3, 1)
        group.start_soon(one, 4, 0)
    return ended

def comes_true(ask):
    return any(ask() or time.sleep(0.1) for _ in range(100))

def is_gone(fork):
    return comes_true(lambda: not os.path.exists(f"/proc/{fork.pid}"))

def parent(pid):
    return int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])

def name(pid):
    return open(f"/proc/{pid}/comm").read().strip()

def kill(group, fork):
    said["names"] = [comes_true(lambda: name(fork.pid) == "gi run"), name(parent(fork.pid))]
    os.kill(fork.pid, signal.SIGKILL)

forks.begin(prepare, idle_seconds=1)
said, idlers = {}, []
told = "open('said', 'w').write(str(dict(os.environ))); raise SystemExit(7)"
said["code"] = anyio.run(lambda: run(told, cwd=sys.argv[1])).returncode
said["both"] = anyio.run(both)
said["killed"] = anyio.run(run, "time.sleep(60)", kill).returncode
left = anyio.run(run, "time.sleep(60)", lambda group, fork: group.cancel_scope.cancel())
said["left"] = is_gone(left)
kill_parent = lambda group, fork: os.kill(parent(fork.pid), signal.SIGKILL)
orphan = anyio.run(run, "time.sleep(60)", kill_parent)
said["orphan"] = [orphan.returncode, is_gone(orphan)]
said["again"] = anyio.run(run, "raise SystemExit(5)").returncode
idle = anyio.run(run, "time.sleep(1)", lambda group, fork: idlers.append(parent(fork.pid)))
said["idle"] = comes_true(lambda: not os.path.exists(f"/proc/{idlers[0]}"))
kill_seed = lambda group, fork: os.kill(parent(parent(fork.pid)), signal.SIGKILL)
said["awake"] = anyio.run(run, "time.sleep(60)", kill_seed).returncode
said["slow"] = anyio.run(run, "").returncode
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forks")


@pytest.fixture(scope="module")
def said(directory: Path) -> Any:
    """What became of runs of a process that is none of the tests'."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, directory], stdout=subprocess.PIPE, text=True, check=True,
        timeout=200, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def test_a_run_has_its_own_environment_directory_and_exit_code(said: Any, directory: Path) -> None:
    assert said["code"] == 7
    assert (directory / "said").read_text().startswith("{'TOLD':")


def test_runs_are_at_once_and_each_ends_for_itself(said: Any) -> None:
    assert said["both"] == [4, 3]


def test_a_run_that_is_killed_says_so(said: Any) -> None:
    assert said["killed"] == -9


def test_lists_of_processes_tell_runs_from_what_they_are_forked_from(said: Any) -> None:
    assert said["names"] == [True, "gi forks"]


def test_who_waits_no_more_ends_the_run(said: Any) -> None:
    assert said["left"]


def test_runs_end_with_what_forked_them(said: Any) -> None:
    assert said["orphan"] == [-9, True]


def test_what_forks_them_is_begun_anew(said: Any) -> None:
    assert said["again"] == 5


def test_memory_is_given_back_while_there_are_no_runs(said: Any) -> None:
    assert said["idle"]
    assert said["awake"] == -9, "it began, and ended with the first of its ancestors"


def test_runs_begin_as_prefect_begins_them_where_nothing_forks_them_any_more(said: Any) -> None:
    assert said["slow"] == 1, "the command that was asked for is `false`"
