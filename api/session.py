"""The warehouse as a route sees it: one short transaction."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, TypeVar

from anyio import CapacityLimiter
from fastapi import Depends
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from starlette.requests import HTTPConnection

from warehouse.engine import CHANGED, Connection, Engine, reading
from warehouse.shapes import Shapes

T = TypeVar("T")
PLACES = 8
"""Transactions at once of a process, one connection each, where the server has room for so many."""
_BESIDES = 3
"""Connections of a process beyond these: the one that listens, and two of what waits for nobody."""


def places_in(room: int, *, processes: int) -> int:
    """Half of what the server takes is for whoever else needs it: workers, dbt, people."""
    return max(1, min(PLACES, room // 2 // processes - _BESIDES))


def engine_of(connection: HTTPConnection) -> Engine:
    engine: Engine = connection.app.state.warehouse
    return engine


async def _transaction(connection: HTTPConnection) -> AsyncIterator[Connection]:
    """Whoever finds no place waits here and not in a thread: else those who wait for a connection
    hold all threads, and those who have one find none to go on in.
    """
    places: CapacityLimiter = connection.app.state.places
    async with places, contextmanager_in_threadpool(engine_of(connection).begin()) as transaction:
        yield transaction


Session = Annotated[Connection, Depends(_transaction, scope="function")]
"""Committed before the answer is sent, so that what a caller reads next includes it."""


async def read(connection: HTTPConnection, work: Callable[[Connection, Shapes], T]) -> T:
    """What needs no transaction: selects, all of them in one thread at one go. A mart whose columns
    have changed meanwhile is read once more.
    """
    engine, shapes = engine_of(connection), connection.app.state.shapes

    def whole() -> T:
        with reading(engine) as session:
            try:
                return work(session, shapes)
            except CHANGED:
                shapes.forget_all()
                return work(session, shapes)

    async with connection.app.state.places:
        return await run_in_threadpool(whole)


async def in_transaction(connection: HTTPConnection, work: Callable[[Connection], T]) -> T:
    """For what lasts longer than a transaction may."""
    engine, places = engine_of(connection), connection.app.state.places

    def whole() -> T:
        with engine.begin() as transaction:
            return work(transaction)

    async with places:
        return await run_in_threadpool(whole)
