"""Summaries in Redis: eras, and what happens when it is not there."""

import asyncio
from collections.abc import Awaitable, Callable

from api.counters import Counters
from api.fast.second import SharedSummaries
from gitinsight.runtime.process import free_port


def run(url: str, test: Callable[..., Awaitable[None]], *names: str) -> None:
    async def main() -> None:
        opened = [SharedSummaries(url, name=name, counters=Counters()) for name in names]
        await test(*opened)
        for one in opened:
            await one.close()

    asyncio.run(asyncio.wait_for(main(), 20))


def test_what_one_keeps_another_finds_once_it_has_begun(redis_url: str) -> None:
    async def test(one: SharedSummaries, other: SharedSummaries) -> None:
        assert await one.find([1]) == {}
        assert await other.find([1]) == {}
        assert await one.find([1]) == {}
        await one.keep({1: ("v1", b"{}"), 2: ("v1", b"[]")})

        assert await other.find([1, 2, 3]) == {1: ("v1", b"{}"), 2: ("v1", b"[]")}

    run(redis_url, test, "a", "a")


def test_who_may_have_missed_something_makes_it_nobodys(redis_url: str) -> None:
    async def test(one: SharedSummaries, late: SharedSummaries) -> None:
        await one.find([1])
        await one.keep({1: ("v1", b"{}")})
        assert await one.find([1]) != {}

        assert await late.find([1]) == {}
        assert await one.find([1]) == {}
        await one.keep({1: ("v1", b"{}")})
        late.distrust()
        assert await late.find([1]) == {}
        assert await one.find([1]) == {}

    run(redis_url, test, "b", "b")


def test_what_was_read_in_an_era_that_is_over_is_kept_for_nobody(redis_url: str) -> None:
    async def test(one: SharedSummaries, late: SharedSummaries) -> None:
        await one.find([1])
        await late.find([1])
        await one.keep({1: ("v1", b"{}")})

        assert await late.find([1]) == {}

    run(redis_url, test, "c", "c")


def test_another_warehouse_has_others(redis_url: str) -> None:
    async def test(one: SharedSummaries, other: SharedSummaries) -> None:
        await one.find([1])
        await other.find([1])
        await one.keep({1: ("v1", b"{}")})

        assert await other.find([1]) == {}

    run(redis_url, test, "d", "e")


def test_without_it_nothing_is_found_and_nothing_goes_wrong() -> None:
    async def test(one: SharedSummaries) -> None:
        for _ in range(3):
            assert await one.find([1]) == {}
            await one.keep({1: ("v1", b"{}")})

    run(f"redis://127.0.0.1:{free_port(0)}/0", test, "f")
