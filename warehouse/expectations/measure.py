"""One thing that was measured, and from what it passes: what the gate judges."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from psycopg import sql

from warehouse.engine import Connection, driver


@dataclass(frozen=True, slots=True)
class Measure:
    """Passes where ``observed`` is not below ``least``."""

    check_name: str
    subject: str
    severity: Literal["block", "warn"]
    observed: float
    least: float
    observed_text: str
    expected_text: str


def count(connection: Connection, query: sql.Composed, *values: object) -> int:
    found = driver(connection).execute(query, values).fetchone()
    return int(found[0]) if found else 0


def columns(connection: Connection, schema: str) -> dict[str, set[str]]:
    """Table -> its columns."""
    found: dict[str, set[str]] = defaultdict(set)
    for table, column in driver(connection).execute(
        "select relname, attname from pg_attribute join pg_class on pg_class.oid = attrelid"
        " where relnamespace = to_regnamespace(%s) and relkind in ('r', 'v', 'm') and attnum > 0"
        " and not attisdropped",
        (schema,),
    ):
        found[table].add(column)
    return found
