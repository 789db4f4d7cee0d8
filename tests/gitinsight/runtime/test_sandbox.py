"""What is given to a function in a process of its own can do nothing to ours."""

import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from gitinsight.errors import TooHard
from gitinsight.runtime.sandbox import Sandbox

ECHO = "binascii:hexlify"
MEMORY = 2**27


def test_it_answers_again_and_again_from_one_process() -> None:
    with Sandbox(ECHO, memory_bytes=MEMORY) as sandbox:
        assert sandbox.call(b"\x01\xff" * 100_000, seconds=10) == b"01ff" * 100_000
        started = time.monotonic()
        assert all(sandbox.call(b"", seconds=10) == b"" for _ in range(200))
        assert time.monotonic() - started < 2


def test_what_takes_too_long_is_ended_and_the_next_one_is_answered() -> None:
    with Sandbox("zlib:decompress", memory_bytes=MEMORY) as sandbox:
        started = time.monotonic()
        with pytest.raises(TooHard, match="more than"):
            sandbox.call(b"", seconds=0.0001)
        assert time.monotonic() - started < 5
        with pytest.raises(TooHard, match="it ended"):
            sandbox.call(b"no zlib", seconds=10)
        assert sandbox.call(b"x\x9c\x03\x00\x00\x00\x00\x01", seconds=10) == b""


def test_what_takes_too_much_memory_is_ended() -> None:
    bomb = zlib.compress(b"\0" * 2**28, level=1)
    with (
        Sandbox("zlib:decompress", memory_bytes=MEMORY) as sandbox,
        pytest.raises(TooHard, match="it ended"),
    ):
        sandbox.call(bomb, seconds=30)


def test_whoever_waits_too_long_is_told_and_ends_nobody_elses_call() -> None:
    with Sandbox(ECHO, memory_bytes=MEMORY) as sandbox, ThreadPoolExecutor(1) as pool:
        other = pool.submit(sandbox.call, b"\n" * 10**7, seconds=30)
        while not other.running():
            time.sleep(0.001)
        with pytest.raises(TooHard, match=r"more than 0\.01 s"):
            sandbox.call(b"", seconds=0.01)
        assert len(other.result()) == 2 * 10**7


def test_what_fails_in_it_is_no_answer() -> None:
    with Sandbox("time:strftime", memory_bytes=MEMORY) as fails, pytest.raises(TooHard):
        fails.call(b"%Y", seconds=10)  # it takes no bytes
