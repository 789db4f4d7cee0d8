"""What is kept, for how long, and how often the warehouse is asked."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest

from api.fast.summaries import Summaries, target_of
from gitinsight.errors import NotFound
from warehouse.ledger import Standing
from warehouse.summaries import Summary


class Reading:
    """A warehouse that says what it is asked; it can be held up."""

    def __init__(self) -> None:
        self.asked: list[Sequence[int]] = []
        self.held = threading.Event()
        self.held.set()
        self.started = threading.Event()
        self.version = "1"
        self.is_private = False
        self.error: Exception | None = None

    def __call__(self, repository_ids: Sequence[int]) -> Mapping[int, Summary | NotFound]:
        self.asked.append(list(repository_ids))
        version = self.version
        self.started.set()
        assert self.held.wait(10)
        if self.error is not None:
            raise self.error
        standing = Standing(1, None, None, {}, "passed", [])
        return {
            one: NotFound(f"repository {one}")
            if one == 404
            else Summary(version, self.is_private, {"version": version}, standing)
            for one in repository_ids
        }


class Shared:
    """The second level, as a dictionary."""

    def __init__(self) -> None:
        self.held: dict[int, tuple[str, bytes]] = {}

    async def find(self, repository_ids: Sequence[int]) -> dict[int, tuple[str, bytes]]:
        return {one: self.held[one] for one in repository_ids if one in self.held}

    async def keep(self, found: Mapping[int, tuple[str, bytes]]) -> None:
        self.held |= found

    def distrust(self) -> None:
        self.held.clear()


@pytest.fixture
def reading() -> Reading:
    return Reading()


def trusted(reading: Reading, second: Shared | None = None) -> Summaries:
    summaries = Summaries(reading, second=second)
    summaries.trust(time.monotonic() + 60)
    return summaries


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 20))  # type: ignore[arg-type]


def test_however_many_ask_for_one_the_warehouse_is_asked_once(reading: Reading) -> None:
    async def test() -> None:
        summaries = trusted(reading)
        found = await asyncio.gather(*(summaries.get(1) for _ in range(500)))
        await summaries.get(1)

        assert len(set(map(id, found))) == 1

    run(test)
    assert reading.asked == [[1]]


def test_those_who_ask_for_different_ones_share_statements(reading: Reading) -> None:
    async def test() -> None:
        summaries = trusted(reading)
        await asyncio.gather(*(summaries.get(one) for one in range(1_001, 1_501)))

    run(test)
    assert [len(asked) for asked in reading.asked] == [200, 200, 100]


def test_what_was_read_before_an_announcement_is_not_kept(reading: Reading) -> None:
    async def test() -> None:
        summaries = trusted(reading)
        reading.held.clear()
        late = asyncio.create_task(summaries.get(1))
        await asyncio.to_thread(reading.started.wait, 10)
        reading.version = "2"
        summaries.forget(1, "2")
        fresh = asyncio.create_task(summaries.get(1))
        await asyncio.sleep(0)
        reading.held.set()

        assert b'"version":"1"' in (await late).body
        assert summaries.shelf.get(target_of(1)) is None
        assert b'"version":"2"' in (await fresh).body
        held = summaries.shelf.get(target_of(1))
        assert held is not None
        assert b'"version":"2"' in held.body

    run(test)


def test_who_waits_already_is_answered_whatever_is_announced_meanwhile(reading: Reading) -> None:
    async def test() -> None:
        summaries = trusted(reading)
        early = asyncio.ensure_future(summaries.get(1))
        await asyncio.sleep(0)
        summaries.forget(1, "1")
        later = asyncio.ensure_future(summaries.get(1))
        await asyncio.sleep(0)
        summaries.forget_all()

        await asyncio.gather(early, later, summaries.get(1))

    run(test)


def test_announcements_out_of_order_bring_nothing_old_back(reading: Reading) -> None:
    async def test() -> None:
        summaries = trusted(reading)
        summaries.forget(1, "2")
        summaries.forget(1, "1")
        await summaries.get(1)

        assert summaries.shelf.get(target_of(1)) is None

    run(test)


def test_nothing_is_answered_from_what_is_kept_unless_announcements_are_heard(
    reading: Reading,
) -> None:
    async def test() -> None:
        summaries = trusted(reading)
        await summaries.get(1)
        summaries.forget_all()
        await summaries.get(1)
        await summaries.get(1)
        assert len(reading.asked) == 3
        assert len(summaries.shelf) == 0

        summaries.trust(time.monotonic())
        await summaries.get(1)
        await summaries.get(1)
        assert len(reading.asked) == 4
        summaries.trust(time.monotonic() - 1)
        await summaries.get(1)
        assert len(reading.asked) == 5

    run(test)


def test_a_private_one_is_kept_nowhere(reading: Reading) -> None:
    async def test() -> None:
        shared = Shared()
        summaries = trusted(reading, shared)
        reading.is_private = True
        await summaries.get(1)
        await summaries.get(1)

        assert (len(summaries.shelf), shared.held) == (0, {})

    run(test)
    assert reading.asked == [[1], [1]]


def test_what_another_process_has_put_into_the_second_level_is_taken_from_there(
    reading: Reading,
) -> None:
    async def test() -> None:
        shared = Shared()
        await trusted(reading, shared).get(1)
        found = await trusted(reading, shared).get(1)

        assert b'"version":"1"' in found.body

    run(test)
    assert len(reading.asked) == 1


def test_but_not_what_is_older_than_what_was_announced(reading: Reading) -> None:
    async def test() -> None:
        shared = Shared()
        await trusted(reading, shared).get(1)
        other = trusted(reading, shared)
        other.forget(1, "2")
        reading.version = "2"

        assert b'"version":"2"' in (await other.get(1)).body

    run(test)


@pytest.mark.parametrize("repository_id", [404, 0, -1, 2**63, 10**30])
def test_what_is_not_there_is_not_found_and_not_kept(reading: Reading, repository_id: int) -> None:
    async def test() -> None:
        summaries = trusted(reading)
        for _ in range(2):
            with pytest.raises(NotFound, match=str(repository_id)):
                await summaries.get(repository_id)

        assert len(summaries.shelf) == 0

    run(test)


def test_trouble_is_told_to_everybody_who_waits_and_to_nobody_after(reading: Reading) -> None:
    async def test() -> None:
        summaries = trusted(reading)
        reading.error = OSError("away")
        found = await asyncio.gather(
            *(summaries.get(one) for one in (1, 1, 2)), return_exceptions=True
        )
        assert [str(one) for one in found] == ["away"] * 3

        reading.error = None
        assert await summaries.get(1)

    run(test)
