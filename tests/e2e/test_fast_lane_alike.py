"""Whatever is sent, the server with the lane answers what the ordinary one answers."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2
import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gitinsight.settings import Settings
from tests.conftest import serving_api
from tests.support.marts import publish_figures
from tests.support.odd_requests import conversation
from tests.support.rows import add_repository, claim
from tests.support.waiting import wait_for
from warehouse.engine import Engine

_CHANGES = re.compile(
    rb"(?<=\ndate: )[^\r]*|(?<=x-request-id: )(?:[0-9a-f]{20}|[0-9a-f]{32})(?=\r)"
    rb'|(?<="request_id":")[0-9a-f]{32}(?=")'
)
_BY_THE_LANE = re.compile(rb"x-request-id: [0-9a-f]{20}\r")
_SILENT_SECONDS = 1.0
_ANSWER_SECONDS = 0.1
"""So long a client waits that sends its requests one by one."""
_TRIES = 8
_AT_ONCE = 16


@pytest.fixture
def settings(state_dir: Path, database_url: str) -> Settings:
    """Without a GitHub."""
    return Settings.model_validate({"state_dir": state_dir, "warehouse": {"url": database_url}})


@pytest.fixture
def addresses(settings: Settings, warehouse: Engine) -> Iterator[tuple[str, str]]:
    """With the lane, and without it."""
    for number in (1, 2):
        added = add_repository(warehouse, f"octo/{number}", github_id=number)
        publish_figures(warehouse, claim(warehouse, added), issues_count=number)
    with ExitStack() as stack:
        fast = stack.enter_context(serving_api(settings))
        yield fast, stack.enter_context(serving_api(settings, http=HttpToolsProtocol))


async def say(address: str, pieces: tuple[bytes, ...], pause: float) -> bytes:
    """Everything that comes back, but for what is another one each time."""
    url = httpx2.URL(address)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    heard, news = bytearray(), asyncio.Event()

    async def listen() -> None:
        while more := await reader.read(65_536):
            heard.extend(more)
            news.set()

    listening = asyncio.create_task(listen())
    with suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
            if piece.endswith(b"\r\n\r\n"):
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), _ANSWER_SECONDS)
            news.clear()
    size = -1
    while not listening.done() and size != len(heard):
        size = len(heard)
        await asyncio.wait([listening], timeout=_SILENT_SECONDS)
    listening.cancel()
    with suppress(asyncio.CancelledError, ConnectionError):
        await listening
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return bytes(heard)


async def compare(addresses: tuple[str, str], count: int) -> tuple[int, list[object]]:
    """How many answers the lane gave, and the conversations that went otherwise."""
    fast, ordinary = addresses
    places, by_the_lane, unlike = asyncio.Semaphore(_AT_ONCE), 0, list[object]()
    etag = httpx2.get(f"{fast}/api/v1/fast/repositories/1/summary").headers["etag"].encode()

    async def one(seed: int) -> None:
        nonlocal by_the_lane
        pieces = conversation(seed, etag).pieces
        async with places:
            heard, expected = await asyncio.gather(
                say(fast, pieces, 0.002), say(ordinary, pieces, 0.002)
            )
            by_the_lane += len(_BY_THE_LANE.findall(heard))
            for attempt in range(_TRIES):
                # What is lost when a connection is closed for an error is a matter of time.
                if _CHANGES.sub(b"", heard) == _CHANGES.sub(b"", expected):
                    return
                pause = 0.03 * attempt
                heard, expected = await asyncio.gather(
                    say(fast, pieces, pause), say(ordinary, pieces, pause)
                )
            unlike.append((seed, pieces, heard, expected))

    await asyncio.gather(*(one(seed) for seed in range(count)))
    return by_the_lane, unlike


def check(addresses: tuple[str, str], count: int) -> None:
    fast, ordinary = addresses
    for address in (fast, ordinary):
        found = f"{address}/api/v1/fast/search?q=octo"
        wait_for(lambda: len(httpx2.get(found).json()["data"]) == 2)  # noqa: B023
    for path in ("repositories/1/summary", "repositories/2/summary", "search?q=parser"):
        wait_for(
            lambda: len(httpx2.get(f"{fast}/api/v1/fast/{path}").headers["x-request-id"]) == 20  # noqa: B023
        )

    by_the_lane, unlike = asyncio.run(compare(addresses, count))

    assert unlike == []
    assert by_the_lane > count / 4


def test_six_hundred_conversations_are_alike(addresses: tuple[str, str]) -> None:
    check(addresses, 600)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_ten_thousand_conversations_are_alike(addresses: tuple[str, str]) -> None:
    check(addresses, 10_000)
