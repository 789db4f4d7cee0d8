"""Several processes that serve the same socket: forked, restarted, and stopped together."""

import os
import signal
import time
from collections.abc import Callable
from types import FrameType

from gitinsight import logs
from gitinsight.runtime.process import dies_with_parent

_LOG = logs.get(__name__)
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PAUSE_SECONDS = 0.5
"""One that ends as soon as it begins does not keep the machine busy."""


def run(count: int, serve: Callable[[], None]) -> None:
    """``serve`` in each of ``count`` children, until this process is told to stop."""
    children: set[int] = set()
    is_over = False
    bind_to_parent = dies_with_parent(signal.SIGTERM)

    def child() -> None:
        if bind_to_parent is not None:
            bind_to_parent()
        serve()

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_over
        is_over = True
        for child in children:
            os.kill(child, signal.SIGTERM)

    for number in _SIGNALS:
        signal.signal(number, stop)
    while children or not is_over:
        # A signal between a fork and its record would miss the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        while len(children) < count and not is_over:
            children.add(_fork(child))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        if children:
            ended, status = os.wait()
            children.discard(ended)
            if not is_over:
                _LOG.warning("worker.ended", pid=ended, status=status)
                time.sleep(_PAUSE_SECONDS)


def _fork(serve: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        serve()
        status = 0
    finally:
        os._exit(status)  # what the parent has to do at its end is not this one's to do
