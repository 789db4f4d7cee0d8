"""What is told to many: nothing twice, nothing left out, whoever comes when."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest

from api import live
from api.live import Channel, Channels, Found, Reading, Told


class Source:
    """Numbers that grow with gaps, as those of a table do; what is old may be deleted."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = list(numbers)
        self.asked = 0
        self.is_over = False

    async def find(self, after: int | None) -> Found:
        self.asked += 1
        await asyncio.sleep(0)
        new = self.numbers[-3:] if after is None else [one for one in self.numbers if one > after]
        await asyncio.sleep(0)
        told = [Told(one, b"%d " % one) for one in new[:3]]
        last = told[-1].number if told else after or 0
        return Found(
            told,
            is_full=len(new) > len(told),
            is_over=self.is_over and last >= max(self.numbers, default=0),
        )


class Heard:
    def __init__(self, after: int = 0) -> None:
        self.after = after
        self.numbers: list[int] = []
        self.has_ended = False

    def tell(self, frames: bytes) -> None:
        self.numbers += map(int, frames.split())

    def end(self) -> None:
        self.has_ended = True


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await asyncio.wait_for(test(), 20)

    asyncio.run(main())


async def listen(channel: Channel, listener: Heard) -> None:
    while not channel.enter(listener):
        listener.tell(await channel.missed(listener))


@contextmanager
def opened(source: Source) -> Iterator[Channel]:
    with Channels().channel("topic", source.find) as channel:
        yield channel


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - nobody else would set an event
        await asyncio.sleep(0)


@pytest.mark.parametrize("kept_bytes", [0, 20, 2**16])
def test_whoever_comes_when_misses_nothing_and_hears_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, kept_bytes: int
) -> None:
    monkeypatch.setattr(live, "_KEPT_BYTES", kept_bytes)
    drawn = random.Random(3)  # noqa: S311 - the same again each time

    async def test() -> None:
        source, listeners, tasks = Source(2, 3, 7), list[Heard](), []
        with opened(source) as channel:
            for number in range(10, 200):
                source.numbers.append(number)
                channel.wake()
                if number % 3 == 0:
                    came = Heard(drawn.choice([0, 2, 5, number - 4, number, min(number + 5, 198)]))
                    listeners.append(came)
                    tasks.append((came.after, asyncio.create_task(listen(channel, came))))
                for _ in range(drawn.randrange(4)):
                    await asyncio.sleep(0)
            for _, task in tasks:
                await task
            await until(lambda: all(one.numbers[-1:] == [199] for one in listeners))

        for one, (after, _) in zip(listeners, tasks, strict=True):
            assert one.numbers == [number for number in source.numbers if number > after]

    run(test)


def test_it_is_read_once_however_many_listen() -> None:
    async def test() -> None:
        source = Source(1)
        with opened(source) as channel:
            listeners = [Heard(1) for _ in range(50)]
            for one in listeners:
                await listen(channel, one)
            await until(lambda: source.asked >= 2)
            before = source.asked
            source.numbers.append(2)
            channel.wake()
            await until(lambda: listeners[-1].numbers == [2])

            assert source.asked - before <= 2
            assert all(one.numbers == [2] for one in listeners)

    run(test)


def test_what_was_deleted_before_it_was_heard_holds_nobody_up() -> None:
    async def test() -> None:
        source = Source(5, 6, 7, 8)
        with opened(source) as channel:
            listener = Heard(1)
            await channel.missed(Heard(9))  # it has begun
            source.numbers.clear()
            await listen(channel, listener)

            assert listener.numbers == [6, 7, 8], "what is kept here is told"

    run(test)


def test_it_ends_with_what_it_tells_and_is_begun_anew_for_who_comes_later() -> None:
    async def test() -> None:
        source, channels = Source(1), Channels()
        with channels.channel("topic", source.find) as channel:
            listener = Heard()
            await listen(channel, listener)
            source.numbers.append(2)
            source.is_over = True
            channel.wake()
            await until(lambda: listener.has_ended)
            assert listener.numbers == [1, 2]

            with channels.channel("topic", source.find) as another:
                late = Heard(1)
                await listen(another, late)
                await until(lambda: late.has_ended)
                assert late.numbers == [2]
                assert another is not channel
        assert list(channels) == []

    run(test)


def test_one_that_breaks_ends_for_all_who_listen(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        source = Source(1)
        with opened(source) as channel:
            listener = Heard()
            await listen(channel, listener)
            source.numbers.append("no number")  # type: ignore[arg-type]
            channel.wake()
            await until(lambda: listener.has_ended)

    run(test)
    assert "nothing more can be told" in caplog.text


def test_nobody_is_left_waiting_when_the_server_stops() -> None:
    async def test() -> None:
        source, channels = Source(1), Channels()
        with channels.channel("topic", source.find) as channel:
            before, after = Heard(), Heard()
            await listen(channel, before)
            channels.close()
            await listen(channel, after)

            assert before.has_ended
            assert after.has_ended
            with channels.channel("another", source.find) as late:
                await listen(late, third := Heard())
                assert third.has_ended

    run(test)


def test_a_reader_who_lets_too_much_wait_is_told_so_and_gets_what_waited() -> None:
    async def test() -> None:
        reader = Reading(0)
        reader.tell(b"a" * live.MOST_HELD_BYTES)
        reader.tell(b"b")
        reader.tell(b"never")

        heard = b"".join([one async for one in reader.heard()])

        assert heard.strip(b"a").startswith(b"b: too slow; come back")
        assert b"never" not in heard

    run(test)
