"""What PostgreSQL announces about jobs and figures."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from tests.support.marts import publish_figures
from tests.support.outages import kill_sessions
from tests.support.rows import AT, add_repository, claim, queue, value
from warehouse import job_events, jobs
from warehouse.announcements import Alive, Announced, Began, FiguresChanged, JobEvent, listen
from warehouse.engine import UNREACHABLE, Engine
from warehouse.summaries import Summary, summaries

_ROOM = (
    "select current_setting('max_connections')::int"
    " - current_setting('superuser_reserved_connections')::int"
)


async def next_of(announced: AsyncIterator[Announced]) -> Announced:
    """The next that says more than that the connection is one still."""
    while isinstance(one := await asyncio.wait_for(anext(announced), 10), Alive):
        pass
    return one


def test_every_event_that_is_committed_is_announced(warehouse: Engine, database_url: str) -> None:
    async def hear() -> tuple[Announced, Announced]:
        async with aclosing(listen(database_url)) as announced:
            return await next_of(announced), await _after(announced)

    async def _after(announced: AsyncIterator[Announced]) -> Announced:
        nonlocal job
        job = await asyncio.to_thread(queue, warehouse, 7)
        return await next_of(announced)

    job: jobs.Job | None = None
    ready, first = asyncio.run(hear())

    assert isinstance(ready, Began)
    assert ready.room == value(warehouse, _ROOM)
    assert job is not None
    assert first == JobEvent(str(job.job_id), 7, 1)


def test_what_is_rolled_back_is_never_announced(warehouse: Engine, database_url: str) -> None:
    job = claim(warehouse)

    def tell() -> None:
        with warehouse.connect() as connection:
            job_events.append(connection, job.job_id, at=AT, state="running")
        with warehouse.begin() as connection:
            job_events.append(connection, job.job_id, at=AT, state="running")
            job_events.append(connection, job.job_id, at=AT, state="running")

    async def hear() -> list[Announced]:
        async with aclosing(listen(database_url)) as announced:
            await next_of(announced)
            await asyncio.to_thread(tell)
            return [await next_of(announced) for _ in range(2)]

    told = [JobEvent(str(job.job_id), 1, seq) for seq in (2, 3)]
    assert asyncio.run(hear()) == told


def test_a_connection_that_breaks_is_passing_trouble(warehouse: Engine, database_url: str) -> None:
    async def hear() -> None:
        async with aclosing(listen(database_url)) as announced:
            await next_of(announced)
            await asyncio.to_thread(kill_sessions, database_url)
            await next_of(announced)

    with pytest.raises(UNREACHABLE):
        asyncio.run(hear())


def test_figures_are_announced_with_the_version_that_is_read_then(
    warehouse: Engine, database_url: str
) -> None:
    job = claim(warehouse, add_repository(warehouse))

    def change() -> str:
        publish_figures(warehouse, job)
        with warehouse.begin() as connection:
            connection.exec_driver_sql("update ops.repositories set checked_at = '2026-06-01'")
        found = summaries(warehouse, [job.repository_id])[job.repository_id]
        assert isinstance(found, Summary)
        with warehouse.begin() as connection:
            connection.exec_driver_sql("delete from ops.publications")
        return found.version

    async def hear() -> tuple[str, list[Announced]]:
        async with aclosing(listen(database_url)) as announced:
            await next_of(announced)
            version = await asyncio.to_thread(change)
            return version, [await next_of(announced) for _ in range(3)]

    version, told = asyncio.run(hear())

    assert [one.repository_id for one in told if isinstance(one, FiguresChanged)] == [1, 1, 1]
    assert told[1:] == [FiguresChanged(1, version), FiguresChanged(1, None)]


def test_that_it_lives_is_told_after_everything_that_came_before(
    warehouse: Engine, database_url: str
) -> None:
    job = claim(warehouse, add_repository(warehouse))

    async def hear() -> list[Announced]:
        async with aclosing(listen(database_url)) as announced:
            await next_of(announced)
            await asyncio.to_thread(publish_figures, warehouse, job)
            published_at = time.monotonic()
            heard = []
            async for one in announced:
                heard.append(one)
                if isinstance(one, Alive) and one.since > published_at:
                    break
            return heard

    heard = asyncio.run(hear())

    assert any(isinstance(one, FiguresChanged) for one in heard)
