"""How much of something is left to somebody in this minute: for all processes where there is Redis.

Where there is none, or it does not answer, each process counts for itself.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.errors import Refused

WINDOW_SECONDS = 60
_TIMEOUT_SECONDS = 0.2
_AWAY_SECONDS = 1.0
_STREAM_SECONDS = 10
"""Nobody knows when a stream ends."""


@dataclass(frozen=True, slots=True)
class Left:
    """``seconds`` are those until it begins anew."""

    limit: int
    remaining: int
    seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """Those of draft-ietf-httpapi-ratelimit-headers."""
        return {
            "RateLimit-Policy": f'"default";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"default";r={self.remaining};t={self.seconds}',
        }


class Limits:
    def __init__(self, redis_url: str | None, *, name: str) -> None:
        """``name`` is that of the warehouse: several may share a server."""
        self._prefix = f"gitinsight:{name}:limit"
        self._here: Counter[str] = Counter()
        self._window = 0
        self._away_until = 0.0
        self._redis: Redis | None = None
        if redis_url is not None:
            self._redis = Redis.from_url(
                redis_url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
            )

    async def spend(self, what: str, limit: int, amount: int = 1) -> Left:
        """``what`` is of one kind and one holder; below 0 remain where it was too much."""
        now = time.time()
        window = int(now // WINDOW_SECONDS)
        spent = await self._spent(f"{what}:{window}", window, amount)
        seconds = max(1, round((window + 1) * WINDOW_SECONDS - now))
        return Left(limit, limit - spent, seconds)

    async def close(self) -> None:
        if self._redis is not None:
            await self._redis.aclose()

    async def _spent(self, what: str, window: int, amount: int) -> int:
        if self._redis is not None and time.monotonic() >= self._away_until:
            key = f"{self._prefix}:{what}"
            try:
                async with self._redis.pipeline(transaction=True) as pipeline:
                    pipeline.incrby(key, amount)
                    pipeline.expire(key, 2 * WINDOW_SECONDS)
                    spent, _ = await pipeline.execute()
                return int(spent)
            except (RedisError, OSError):
                self._away_until = time.monotonic() + _AWAY_SECONDS
        if window != self._window:
            self._window = window
            self._here.clear()
        self._here[what] += amount
        return self._here[what]


class Streams:
    """How many streams each holder has open in this process; 0 is as many as they like."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    @contextmanager
    def open(self, holder: str) -> Iterator[None]:
        """Refused where there is no room for one more. It is taken before anything is waited for,
        so that many who come at once find no more room than others.
        """
        if self._most and self._open[holder] >= self._most:
            raise Refused(
                429, kind="too-many-streams", headers={"Retry-After": str(_STREAM_SECONDS)},
                detail=f"no more than {self._most} streams at once",
            )  # fmt: skip
        self._open[holder] += 1
        try:
            yield
        finally:
            self._open[holder] -= 1
            if not self._open[holder]:
                del self._open[holder]


def refused(left: Left, *, detail: str) -> Refused:
    told = Left(left.limit, 0, left.seconds)
    return Refused(
        429, kind="too-many-requests", detail=detail,
        headers={"Retry-After": str(left.seconds), **told.headers},
    )  # fmt: skip
