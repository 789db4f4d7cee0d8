"""What PostgreSQL announces about jobs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from tests.support.outages import kill_sessions
from tests.support.rows import AT, claim, queue
from warehouse import jobs
from warehouse.announcements import listen
from warehouse.engine import UNREACHABLE, Engine

Announced = dict[str, Any]


async def next_of(announced: AsyncIterator[Announced]) -> Announced:
    return await asyncio.wait_for(anext(announced), 10)


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

    assert ready == {}
    assert job is not None
    assert first.keys() == {"event_id", "job_id", "repository_id", "seq"}
    assert (first["job_id"], first["repository_id"], first["seq"]) == (str(job.job_id), 7, 1)


def test_what_is_rolled_back_is_never_announced(warehouse: Engine, database_url: str) -> None:
    job = claim(warehouse)

    def tell() -> None:
        with warehouse.connect() as connection:
            jobs.append_event(connection, job.job_id, at=AT, state="running")
        with warehouse.begin() as connection:
            jobs.append_event(connection, job.job_id, at=AT, state="running")
            jobs.append_event(connection, job.job_id, at=AT, state="running")

    async def hear() -> list[int]:
        async with aclosing(listen(database_url)) as announced:
            await next_of(announced)
            await asyncio.to_thread(tell)
            return [(await next_of(announced))["seq"] for _ in range(2)]

    assert asyncio.run(hear()) == [2, 3]


def test_a_connection_that_breaks_is_passing_trouble(warehouse: Engine, database_url: str) -> None:
    async def hear() -> None:
        async with aclosing(listen(database_url)) as announced:
            await next_of(announced)
            await asyncio.to_thread(kill_sessions, database_url)
            await next_of(announced)

    with pytest.raises(UNREACHABLE):
        asyncio.run(hear())
