"""A warehouse that goes away while somebody works with it, and comes back."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo


def kill_sessions(url: str) -> int:
    """End every connection to the database, as a server does that restarts; how many."""
    with _beside(url) as connection:
        return _kill(connection, _name(url))


def answers(url: str) -> bool:
    """Whether a connection is to be had."""
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


@contextmanager
def away(url: str) -> Iterator[None]:
    """No connection to the database lives or is made as long as the block lasts."""
    allow = sql.SQL("alter database {} with allow_connections {}")
    name = sql.Identifier(_name(url))
    with _beside(url) as connection:
        connection.execute(allow.format(name, sql.SQL("false")))
        try:
            _kill(connection, _name(url))
            yield
        finally:
            connection.execute(allow.format(name, sql.SQL("true")))


def _beside(url: str) -> Connection[tuple[int]]:
    """Another database of the same server."""
    return psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True)


def _kill(connection: Connection[tuple[int]], name: str) -> int:
    killed = connection.execute(
        "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity where datname = %s",
        (name,),
    ).fetchone()
    return killed[0] if killed else 0


def _name(url: str) -> str:
    return str(conninfo_to_dict(url)["dbname"])
