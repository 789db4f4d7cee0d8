"""A freshly migrated database on the PostgreSQL named by GITINSIGHT_TEST_POSTGRES."""

import os
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from warehouse.engine import Engine, make_engine
from warehouse.migrate import migrate


@pytest.fixture
def warehouse() -> Iterator[Engine]:
    server = os.environ.get("GITINSIGHT_TEST_POSTGRES")
    if server is None:
        pytest.skip("GITINSIGHT_TEST_POSTGRES names no server")
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    engine = make_engine(url, process="test")
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(
                sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            )
