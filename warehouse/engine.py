"""Connections to PostgreSQL."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import psycopg
import sqlalchemy.exc
from psycopg import Connection as DriverConnection
from psycopg.abc import Params
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from gitinsight import traces
from gitinsight.errors import first_line

__all__ = [
    "CHANGED", "UNFIT", "UNREACHABLE", "Address", "Connection", "Engine", "address", "at_once",
    "driver", "make_engine", "reading", "session_lock",
]  # fmt: skip

NOTICED: dict[str, Any] = {
    "tcp_user_timeout": 30_000, "keepalives_idle": 15, "keepalives_interval": 5,
    "keepalives_count": 3,
}  # fmt: skip
"""Arguments of a connection: a server whose host is cut off is away after half a minute."""
NOTICING = " ".join(
    f"-c {name if name.startswith('tcp') else f'tcp_{name}'}={value}"
    for name, value in NOTICED.items()
)
"""Options of a session: so is a client, and what it had locked is free."""
UNREACHABLE = (
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,
)
"""What a server that is away, restarting, full, too busy or, until another one leads, not to be
written to makes of a statement. It passes.
"""

UNFIT = (
    psycopg.errors.DataError, psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
)  # fmt: skip
"""What it makes of a value that it cannot hold, and of nothing else."""


CHANGED = (
    psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable,
    psycopg.errors.FeatureNotSupported,
)  # fmt: skip
"""What it makes of a statement whose tables have become others since it was prepared, or since
their columns were looked up. The next attempt meets them as they are.
"""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a warehouse is, for programs that open their own connections."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str


class TracedCursor(psycopg.Cursor[Any]):
    """A span for each statement that is part of a trace, which the statement tells the log of the
    server, as sqlcommenter does. No values are in it: what is composed of values is not told.
    """

    def execute(self, query: Any, params: Params | None = None, **options: Any) -> Self:
        # The `;` by which the pool asks whether a connection is one still is no statement.
        is_told = isinstance(query, str) and query[:1].isalpha()
        if not is_told or traces.traceparent() is None:
            return super().execute(query, params, **options)
        name = f"SQL {query.split(maxsplit=1)[0].lower()}"
        with traces.span(name, db__system__name="postgresql", db__query__text=query):
            told = f"{query.rstrip().rstrip(';')} /*traceparent='{traces.traceparent()}'*/"
            return super().execute(told, params, **options)


def make_engine(url: str, *, process: str, pool_size: int = 8) -> Engine:
    """An engine whose connections say in ``pg_stat_activity`` which process they serve. One that
    the server has ended while nobody used it is replaced.
    """
    engine = create_engine(
        _driver_url(url),
        pool_size=pool_size,
        max_overflow=2,
        connect_args={
            "application_name": f"gitinsight-{process}",
            "connect_timeout": 10,
            **NOTICED,
            "options": f"-c timezone=UTC {NOTICING}",
            **({"cursor_factory": TracedCursor} if traces.is_on() else {}),
        },
    )
    event.listen(engine, "checkout", partial(_look, engine))
    return engine


def _look(engine: Engine, held: DriverConnection[Any], *_: object) -> None:
    """Whether a connection is one still. Nobody has asked it anything, so a server that says
    something says goodbye; one that is silent need not be asked, which would cost every
    transaction a round trip.
    """
    try:
        poll = select.poll()
        poll.register(held.fileno(), select.POLLIN)
        if poll.poll(0):
            engine.dialect.do_ping(held)  # type: ignore[arg-type]  # of the driver is one
    except UNREACHABLE as error:
        raise sqlalchemy.exc.DisconnectionError(first_line(error)) from error


def driver(connection: Connection) -> DriverConnection[tuple[Any, ...]]:
    """The psycopg connection below, inside the same transaction, for COPY and LISTEN."""
    raw: DriverConnection[tuple[Any, ...]] = connection.connection.driver_connection  # type: ignore[assignment]
    return raw


def address(engine: Engine) -> Address:
    url = engine.url
    return Address(
        url.host or "127.0.0.1", url.port or 5432, url.username or "", url.password or "",
        url.database or "",
    )  # fmt: skip


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """For selects alone. Each is as of the instant at which it begins, and PostgreSQL is told
    neither that a transaction begins nor that one ends.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@contextmanager
def at_once(connection: Connection) -> Iterator[None]:
    """Statements inside are sent together, and what they give comes together when the block ends:
    one round trip. Whoever looks at it before that waits for it. No COPY can be among them.
    """
    with driver(connection).pipeline():
        yield


@contextmanager
def session_lock(engine: Engine, key: int) -> Iterator[None]:
    """Hold PostgreSQL's advisory lock ``key``; it falls with the connection, kill -9 or not."""
    with engine.connect() as connection:
        connection.exec_driver_sql("select pg_advisory_lock(%s)", (key,))
        connection.commit()
        try:
            yield
        finally:
            connection.exec_driver_sql("select pg_advisory_unlock(%s)", (key,))
            connection.commit()


def _driver_url(url: str) -> URL:
    return make_url(url).set(drivername="postgresql+psycopg")
