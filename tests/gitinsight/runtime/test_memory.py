"""Memory of processes: with their children, without those that are counted apart."""

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from gitinsight.runtime import memory

CODE = (
    "import subprocess, sys; held = bytearray(20_000_000)\n"
    "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
    "print(child.pid, flush=True); input(); child.communicate(b'')"
)


@pytest.fixture
def family() -> Iterator[tuple[int, int]]:
    """The numbers of a process of some 20 MB and of its child."""
    command = [sys.executable, "-c", CODE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        yield parent.pid, int(parent.stdout.readline())


def test_a_process_is_counted_with_its_children(family: tuple[int, int]) -> None:
    parent, child = family

    (found,) = memory.of_processes({"worker": parent})

    assert (found.name, found.pid, found.processes) == ("worker", parent, 2)
    assert found.largest_rss_bytes > 20_000_000
    assert found.rss_bytes > found.largest_rss_bytes
    assert found.pss_bytes is None or 20_000_000 < found.pss_bytes <= found.rss_bytes
    assert psutil.pid_exists(child)


def test_a_child_that_is_counted_by_itself_is_counted_once(family: tuple[int, int]) -> None:
    parent, child = family

    found = memory.of_processes({"parent": parent, "child": child}, apart=frozenset({child}))

    assert [(one.name, one.processes) for one in found] == [("parent", 1), ("child", 1)]


def test_a_process_that_is_gone_is_not_in_the_list() -> None:
    with subprocess.Popen(["/bin/true"]) as gone:
        gone.wait()

    assert memory.of_processes({"gone": gone.pid}) == []
