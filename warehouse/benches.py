"""Benches: sets of the models' own schemas, each of which makes the figures of one job at a time.

The first is called as the schemas are. Others are made when they are needed, and nothing is left in
their tables, for nobody looks there.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from psycopg.sql import SQL, Identifier

from warehouse.engine import Connection, Engine, driver
from warehouse.publish import LOCK_KEY
from warehouse.schemas import NOW, Schemas

MOST = 8
"""Figures of more jobs at once are no sooner made: PostgreSQL makes them, and has so many cores."""
_OF_GIANTS = MOST // 2
"""So many are theirs at most, so that a small one never waits for a giant."""
_CLASS = 7_105_205
_FILLED = ("intermediate", "candidate")
_POLL_SECONDS = 0.2


@contextmanager
def taken(
    engine: Engine, *, is_giant: bool = False, wait: Callable[[float], object] = time.sleep
) -> Iterator[Schemas]:
    """One that nobody else works at, for as long as the block lasts; waits while there is none.

    Whoever holds ``LOCK_KEY`` alone waits until nobody works at any, and keeps all from them.
    """
    numbers = range(MOST)[-_OF_GIANTS:] if is_giant else range(MOST)
    with engine.connect() as connection:
        number = _take(connection, numbers, wait)
        schemas = Schemas(made=f"bench{number}_") if number else NOW
        try:
            connection.exec_driver_sql("select pg_advisory_lock_shared(%s)", (LOCK_KEY,))
            connection.commit()
            yield schemas
        finally:
            if number:
                _empty(connection, schemas)
            connection.exec_driver_sql("select pg_advisory_unlock_shared(%s)", (LOCK_KEY,))
            connection.exec_driver_sql("select pg_advisory_unlock(%s, %s)", (_CLASS, number))
            connection.commit()


def _take(connection: Connection, numbers: Sequence[int], wait: Callable[[float], object]) -> int:
    while True:
        for number in numbers:
            found = connection.exec_driver_sql(
                "select pg_try_advisory_lock(%s, %s)", (_CLASS, number)
            ).scalar()
            connection.commit()
            if found:
                return number
        wait(_POLL_SECONDS)


def _empty(connection: Connection, schemas: Schemas) -> None:
    raw = driver(connection)
    tables = raw.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema = any(%s) and table_type = 'BASE TABLE'",
        ([schemas.named(one) for one in _FILLED],),
    ).fetchall()
    if tables:
        named = SQL(", ").join(Identifier(*one) for one in tables)
        raw.execute(SQL("truncate {}").format(named))
    connection.commit()
