"""The warehouse as a route sees it: one short transaction."""

from collections.abc import AsyncIterator
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends
from fastapi.concurrency import contextmanager_in_threadpool
from starlette.requests import HTTPConnection

from warehouse.engine import Connection, Engine

PLACES = 8
"""Transactions at once, one connection each."""


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
