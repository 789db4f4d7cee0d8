"""Waiting for what happens elsewhere, no longer than it takes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(condition: Callable[[], T], *, seconds: float = 20) -> T:
    """What ``condition`` says once it says something."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it does not happen in time"
        time.sleep(0.02)
    return found
