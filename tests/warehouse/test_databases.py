"""Databases beside the warehouse."""

from contextlib import closing
from uuid import uuid4

import psycopg

from warehouse.databases import beside, drop


def test_a_database_is_made_once_and_dropped(database_url: str) -> None:
    name = f"beside of/{uuid4().hex}"

    url = beside(database_url, name)
    with psycopg.connect(url) as connection:
        connection.execute("create table kept (id int)")
    again = beside(database_url, name)
    with closing(psycopg.connect(again)) as connection:
        held = connection.execute("select to_regclass('kept') is not null").fetchone()
        drop(database_url, name)  # although somebody is connected

    assert again == url
    assert held == (True,)
    with psycopg.connect(database_url) as connection:
        left = connection.execute("select 1 from pg_database where datname = %s", (name,))
        assert left.fetchone() is None
    drop(database_url, name)
