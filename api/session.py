"""The warehouse as a route sees it: one short transaction."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from warehouse.engine import Connection, Engine


def engine_of(connection: HTTPConnection) -> Engine:
    engine: Engine = connection.app.state.warehouse
    return engine


def _transaction(connection: HTTPConnection) -> Iterator[Connection]:
    with engine_of(connection).begin() as transaction:
        yield transaction


Session = Annotated[Connection, Depends(_transaction, scope="function")]
"""Committed before the answer is sent, so that what a caller reads next includes it."""
