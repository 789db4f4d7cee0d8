"""Databases beside the warehouse, on the same server."""

from contextlib import suppress
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from psycopg import connect, sql
from psycopg.errors import DuplicateDatabase, ObjectInUse

from gitinsight.errors import BrokenEnvironment


def beside(url: str, name: str) -> str:
    """The URL of the database of this name on the server of ``url``; made where there is none."""
    if not has(url, name):
        # Of template0, for nobody may be connected to what is copied.
        make = sql.SQL("create database {} template template0")
        with connect(url, autocommit=True) as connection, suppress(DuplicateDatabase):
            connection.execute(make.format(sql.Identifier(name)))
    return _named(url, name)


def has(url: str, name: str) -> bool:
    """Whether there is a database of this name on the server of ``url``."""
    with connect(url, autocommit=True) as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", (name,))
        return found.fetchone() is not None


def drop(url: str, name: str) -> None:
    """The database of this name on the server of ``url``, whoever is connected to it."""
    with connect(url, autocommit=True) as connection:
        gone = sql.SQL("drop database if exists {} with (force)")
        connection.execute(gone.format(sql.Identifier(name)))


def exchange(url: str, *, new: str, kept_as: str) -> None:
    """Let ``new`` take the name of the database of ``url``, which is ``kept_as`` another.

    PostgreSQL refuses while anybody is connected to one of them.
    """
    name = unquote(urlsplit(url).path.removeprefix("/"))
    change = sql.SQL("alter database {} rename to {}")
    with connect(_named(url, "postgres"), autocommit=True) as connection:
        for old, other in ((name, kept_as), (new, name)):
            try:
                connection.execute(change.format(sql.Identifier(old), sql.Identifier(other)))
            except ObjectInUse as error:
                raise BrokenEnvironment(
                    f"somebody is connected to the database {old}",
                    "stop every process of GitInsight first",
                ) from error


def _named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(name, safe='')}"))
