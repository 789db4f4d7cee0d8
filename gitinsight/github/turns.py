"""Waiting for one's turn to ask GitHub: never longer than agreed, never silently, and never past a
cancellation.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from gitinsight import clock
from gitinsight.errors import Cancelled, RateLimited, TokenRejected
from gitinsight.github.governor import Governor, Grant, Wait
from gitinsight.github.principals import Principal

_SLICE_SECONDS = 0.5
_TOLD_FROM = 1.0
"""A wait of so many seconds is told of; a shorter one is the pace itself."""
_PATIENCE_SECONDS = 5.0

Sleep = Callable[[float], None]
OnWait = Callable[[Wait, datetime], None]
"""Told why, and until when."""


class Turns:
    """A wait that would last longer than ``wait_seconds`` is raised as RateLimited; any other that
    people would notice is told to ``on_wait`` before it begins.
    """

    def __init__(
        self, governor: Governor, *, wait_seconds: float = 120, sleep: Sleep = time.sleep,
        on_wait: OnWait = lambda _wait, _until: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.governor = governor
        self._wait_seconds = max(wait_seconds, _TOLD_FROM)
        self._sleep = sleep
        self._on_wait = on_wait
        self._is_cancelled = is_cancelled

    def take(self, order: Sequence[Principal], bucket: str, *, is_conditional: bool) -> Grant:
        """A grant of the governor's, however long it takes up to ``wait_seconds``."""
        waited, told = 0.0, None
        while True:
            found = self._asked(order, bucket, is_conditional=is_conditional)
            if isinstance(found, Grant):
                return found
            until = clock.now() + timedelta(seconds=found.seconds)
            if found.seconds > self._wait_seconds:
                raise RateLimited(bucket, until)
            is_long = max(waited, found.seconds) >= _TOLD_FROM
            if is_long and (told is None or until - told >= timedelta(seconds=_TOLD_FROM)):
                self._on_wait(found, until)
                told = until
            self.pause(found.seconds)
            waited += found.seconds

    def _asked(
        self, order: Sequence[Principal], bucket: str, *, is_conditional: bool
    ) -> Grant | Wait:
        """A conditional request is worth a short wait for the principal whose ETag it has."""
        if is_conditional and len(order) > 1:
            try:
                found = self.governor.acquire(order[:1], bucket)
            except TokenRejected:
                return self.governor.acquire(order[1:], bucket)
            if isinstance(found, Grant) or found.seconds <= _PATIENCE_SECONDS:
                return found
        return self.governor.acquire(order, bucket)

    def pause(self, seconds: float) -> None:
        """In slices, so that a cancellation is noticed."""
        while seconds > 0:
            if self._is_cancelled():
                raise Cancelled("waiting for GitHub")
            self._sleep(min(seconds, _SLICE_SECONDS))
            seconds -= _SLICE_SECONDS
