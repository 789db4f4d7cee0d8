"""The value that a metric of the catalogue has for one repository, by its own formula."""

from typing import Any

from psycopg.sql import SQL

from gitinsight.errors import NotFound
from gitinsight.metrics.catalogue import Metric
from warehouse.engine import Connection, driver
from warehouse.shapes import Shapes


def value(
    connection: Connection, repository_id: int, metric: Metric, shapes: Shapes
) -> float | None:
    """Null where it is not known; NotFound where the marts that it reads are not there yet."""
    for table, columns in metric.sources.items():
        schema, _, mart = table.partition(".")
        if schema == "marts" and not set(columns) <= shapes.of(connection, mart).columns.keys():
            raise NotFound(f"mart {mart} with {', '.join(columns)}")
    # A formula is ours. It groups by repository, so that PostgreSQL reads this one's rows alone.
    formula = metric.formula.replace("%", "%%")
    statement = SQL("select value from ({}) as metric where repository_id = %(id)s").format(
        SQL(formula)
    )
    found: tuple[Any] | None = (
        driver(connection).execute(statement, {"id": repository_id}).fetchone()
    )
    return None if found is None or found[0] is None else float(found[0])
