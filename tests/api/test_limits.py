"""Limits: counted here, and by all processes together where there is Redis."""

import asyncio
from collections.abc import Awaitable, Callable

from api import limits
from api.limits import WINDOW_SECONDS, Left, Limits
from gitinsight.runtime.process import free_port


def run(test: Callable[..., Awaitable[None]], *urls: str | None) -> None:
    async def main() -> None:
        opened = [Limits(url, name="a") for url in urls]
        await test(*opened)
        for one in opened:
            await one.close()

    asyncio.run(asyncio.wait_for(main(), 20))


async def _spends_all(one: Limits) -> None:
    found = [(await one.spend("a", 2)).remaining for _ in range(4)]

    # A minute may end in between: then it begins anew.
    assert found in ([1, 0, -1, -2], [1, 1, 0, -1], [1, 0, 1, 0], [1, 0, -1, 1])
    assert (await one.spend("b", 2, 0)).remaining == 2
    assert 0 < (await one.spend("b", 2)).seconds <= WINDOW_SECONDS


def test_each_holder_has_a_limit_of_its_own() -> None:
    run(_spends_all, None)


def test_processes_share_it_by_redis(redis_url: str) -> None:
    async def test(one: Limits, other: Limits) -> None:
        await one.spend("shared", 9, 4)
        left = await other.spend("shared", 9, 4)

        assert left.remaining in {1, 5}

    run(test, redis_url, redis_url)


def test_while_redis_is_away_each_counts_for_itself() -> None:
    run(_spends_all, f"redis://127.0.0.1:{free_port(0)}")


def test_a_refusal_says_when_it_is_over() -> None:
    error = limits.refused(Left(600, -3, 17), detail="too many")

    assert error.status_code == 429
    assert error.headers == {
        "Retry-After": "17", "RateLimit-Policy": '"default";q=600;w=60',
        "RateLimit": '"default";r=0;t=17',
    }  # fmt: skip
