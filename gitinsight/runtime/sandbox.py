"""A function of ours in a process of its own: what comes from strangers may take so much time and
memory, and no more, and holds up nobody else.

The function takes bytes and gives bytes. The process is started when it is first asked, kept for
the next time, and ended where it exceeds its bounds.
"""

import importlib
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import BinaryIO, Self, cast

from gitinsight.errors import TooHard

_SIZE = struct.Struct("!I")
_CHUNK = 1 << 16
_LONGEST_SECONDS = 120
"""Of one call, where whoever asked is gone and does not end it any more."""


class Sandbox:
    """``target`` is ``module:function``. One call at a time; the others wait."""

    def __init__(self, target: str, *, memory_bytes: int) -> None:
        self._target = target
        self._memory_bytes = memory_bytes
        self._child: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def call(self, message: bytes, *, seconds: float) -> bytes:
        """TooHard where it takes longer, or more memory, waiting for others among it."""
        deadline = time.monotonic() + seconds
        if not self._turn.acquire(timeout=seconds):
            raise TooHard(self._target, f"more than {seconds:g} s")
        try:
            return self._ask(message, deadline)
        except TimeoutError as error:
            self._stop()
            raise TooHard(self._target, f"more than {seconds:g} s") from error
        except (EOFError, BrokenPipeError) as error:
            self._stop()
            raise TooHard(
                self._target, "it ended: too much memory, or it cannot be read"
            ) from error
        finally:
            self._turn.release()

    def close(self) -> None:
        with self._turn:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def _ask(self, message: bytes, deadline: float) -> bytes:
        child = self._running()
        told, said = cast("BinaryIO", child.stdin), cast("BinaryIO", child.stdout)
        told.write(_SIZE.pack(len(message)) + message)
        told.flush()
        (size,) = _SIZE.unpack(_read(said, _SIZE.size, deadline))
        return _read(said, size, deadline)

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._child = subprocess.Popen(  # noqa: S603 - this very program
            # Not from where we stand: a file there may be called like a module.
            [sys.executable, "-P", "-m", __name__, self._target, str(self._memory_bytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return self._child

    def _stop(self) -> None:
        if self._child is not None:
            self._child.kill()
            with self._child:  # waits, and closes its pipes
                self._child = None


def _read(stream: BinaryIO, size: int, deadline: float) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([stream], [], [], left)[0]:
            raise TimeoutError
        part = os.read(stream.fileno(), min(_CHUNK, size - len(parts)))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _serve(target: str, memory_bytes: int) -> None:
    """In the child: answer until nobody asks any more. An error ends it, and that is the answer."""
    module, _, name = target.partition(":")
    function = cast("Callable[[bytes], bytes]", getattr(importlib.import_module(module), name))
    if sys.platform == "linux":  # others know no such limit, or refuse it
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    told, said = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no answer
    while head := told.read(_SIZE.size):
        signal.alarm(_LONGEST_SECONDS)  # it ends this process, whatever holds the interpreter
        answer = function(told.read(*_SIZE.unpack(head)))
        signal.alarm(0)
        said.write(_SIZE.pack(len(answer)) + answer)
        said.flush()


if __name__ == "__main__":
    _, wanted, limit = sys.argv
    sys.argv = [""]  # a library that looks beside the program shall find nothing there
    _serve(wanted, int(limit))
