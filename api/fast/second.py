"""Summaries in Redis, for all processes: nothing that lasts, and nothing that is needed.

Whoever may have missed an announcement renames the era, and what was written in another one is
nobody's any more: a process that comes later believes what it finds there.
"""

import time
from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import TypeAlias

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

_TIMEOUT_SECONDS = 0.2
"""The warehouse answers in less."""
_AWAY_SECONDS = 1.0
_KEPT_SECONDS = 300

_Held: TypeAlias = tuple[str, str, bytes]
"""Era, version and body."""


class SharedSummaries:
    """``name`` is that of the warehouse: several may share a server."""

    def __init__(self, url: str, *, name: str) -> None:
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
        )
        self._prefix = f"gitinsight:{name}"
        self._era = ""
        self._is_distrusted = True
        self._away_until = 0.0

    def distrust(self) -> None:
        self._is_distrusted = True

    async def find(self, repository_ids: Sequence[int]) -> dict[int, tuple[str, bytes]]:
        if time.monotonic() < self._away_until:
            return {}
        try:
            keys = [self._era_key, *map(self._key, repository_ids)]
            held: list[bytes | None] = await self._redis.mget(keys)  # type: ignore[assignment]
            era, *values = held
            if era is None or self._is_distrusted:
                await self._begin_era()
                return {}
        except (RedisError, OSError):
            self._miss()
            return {}
        self._era = era.decode()
        found: dict[int, tuple[str, bytes]] = {}
        for one, value in zip(repository_ids, values, strict=True):
            if value is not None:
                written, version, body = msgspec.msgpack.decode(value, type=_Held)
                if written == self._era:
                    found[one] = version, body
        return found

    async def keep(self, found: Mapping[int, tuple[str, bytes]]) -> None:
        """In the era of the last ``find``, which came before they were read."""
        if self._is_distrusted or not self._era or time.monotonic() < self._away_until:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for one, (version, body) in found.items():
                    value = msgspec.msgpack.encode((self._era, version, body))
                    pipeline.set(self._key(one), value, ex=_KEPT_SECONDS)
                await pipeline.execute()
        except (RedisError, OSError):
            self._miss()

    async def close(self) -> None:
        await self._redis.aclose()

    async def _begin_era(self) -> None:
        self._is_distrusted = False
        self._era = token_hex(8)
        try:
            await self._redis.set(self._era_key, self._era)
        except BaseException:
            self._is_distrusted = True
            raise

    def _miss(self) -> None:
        self._away_until = time.monotonic() + _AWAY_SECONDS

    @property
    def _era_key(self) -> str:
        return f"{self._prefix}:era"

    def _key(self, repository_id: int) -> str:
        return f"{self._prefix}:summary:{repository_id}"
