"""Databases of a test's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql

from gitinsight.runtime.postgres import EmbeddedPostgres
from warehouse.engine import Engine


@contextmanager
def copy_of(server: EmbeddedPostgres, template: str) -> Iterator[str]:
    """The URL of a copy; `template1` is an empty database."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        make = sql.SQL("create database {} template {} strategy wal_log")
        connection.execute(make.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield server.url(name)
        finally:
            drop = sql.SQL("drop database {} with (force)")
            connection.execute(drop.format(sql.Identifier(name)))


def empty(engine: Engine, *tables: str) -> None:
    """For tests that share a database because making one takes longer than they do."""
    with engine.begin() as connection:
        connection.exec_driver_sql("; ".join(f"delete from {table}" for table in tables))
