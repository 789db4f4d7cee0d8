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


HEAPS = """
import ctypes, sys, threading
from gitinsight.runtime import memory

if "few" in sys.argv:
    memory.use_few_heaps()
meeting = threading.Barrier(9)

def hold():
    held = [bytes(1_000) for _ in range(1_000)]
    meeting.wait()
    meeting.wait()

threads = [threading.Thread(target=hold) for _ in range(8)]
for thread in threads:
    thread.start()
meeting.wait()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
meeting.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_threads_share_two_heaps() -> None:
    def heaps(*arguments: str) -> int:
        told = subprocess.run(
            [sys.executable, "-c", HEAPS, *arguments], capture_output=True, check=True
        )
        return told.stdout.count(b"<heap nr=")

    assert heaps("few") == 2 < heaps()
