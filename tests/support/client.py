"""A client whose waits take no time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gitinsight.github.client import GitHubClient
from tests.support.upstream import Upstream

TOKEN = "ghp_x"  # noqa: S105 - nobody's
SLICE = 0.5

Connect = Callable[..., GitHubClient]


class Time:
    """Goes on where somebody sleeps. ``slept`` holds each sleep, its slices together."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._start = datetime.now(UTC)
        self._seconds = 0.0
        self._is_slice = False

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds)

    def sleep(self, seconds: float) -> None:
        self._seconds += seconds
        if self._is_slice:
            self.slept[-1] += seconds
        else:
            self.slept.append(seconds)
        self._is_slice = seconds == SLICE


def authorizations(upstream: Upstream) -> list[str]:
    """The tokens that were sent, one per request."""
    return [one.headers["authorization"].removeprefix("Bearer ") for one in upstream.asked]
