"""Summaries in Redis, for all processes: nothing that lasts, and nothing that is needed.

Whoever may have missed an announcement renames the era, and what was written in another one is
nobody's any more: a process that comes later believes what it finds there.
"""

import asyncio
from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import TypeAlias

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.counters import Counters
from api.shelf import KEPT_SECONDS

_TIMEOUT_SECONDS = 0.2
"""The warehouse answers in less."""
_LOOK_SECONDS = 1.0

_Held: TypeAlias = tuple[str, str, bytes]
"""Era, version and body."""


class SharedSummaries:
    """``name`` is that of the warehouse: several may share a server."""

    def __init__(self, url: str, *, name: str, counters: Counters) -> None:
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
        )
        self._prefix = f"gitinsight:{name}"
        self._era = ""
        self._is_distrusted = True
        self._counters = counters
        self._is_away = False

    async def watch(self) -> None:
        """Look whether it is back, so that nobody has to wait to learn that it is not."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self._redis.ping()
            except (RedisError, OSError):
                self._miss()
            else:
                if self._is_away:
                    self._is_away = False
                    self._counters.set("redis_away", 0)
                    self.distrust()  # it may have slept through what was announced

    def distrust(self) -> None:
        self._is_distrusted = True

    async def find(self, repository_ids: Sequence[int]) -> dict[int, tuple[str, bytes]]:
        if self._is_away:
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
        if self._is_distrusted or not self._era or self._is_away:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for one, (version, body) in found.items():
                    value = msgspec.msgpack.encode((self._era, version, body))
                    pipeline.set(self._key(one), value, ex=KEPT_SECONDS)
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
        """Each time that it stops to answer is counted once."""
        if not self._is_away:
            self._is_away = True
            self._counters.add("redis_failures")
            self._counters.set("redis_away", 1)

    @property
    def _era_key(self) -> str:
        return f"{self._prefix}:era"

    def _key(self, repository_id: int) -> str:
        return f"{self._prefix}:summary:{repository_id}"
