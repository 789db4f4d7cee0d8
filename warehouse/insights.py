"""The insights that Python computes, as they were stored last."""

from typing import Any

from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from gitinsight.errors import NotFound
from warehouse.engine import Connection, driver

ORDER = {"bus_factor": "window_days", "review_latency": "subject"}
"""Each insight and the column that its rows of one repository are ordered by."""


def of_repository(connection: Connection, repository_id: int, insight: str) -> list[dict[str, Any]]:
    """Its rows, with evidence and definition; none where it was not computed yet."""
    if insight not in ORDER:
        raise NotFound(f"insight {insight}")
    statement = SQL("select * from {} where repository_id = %s order by {}").format(
        Identifier("insights", insight), Identifier(ORDER[insight])
    )
    cursor = driver(connection).cursor(row_factory=dict_row)
    return cursor.execute(statement, (repository_id,)).fetchall()
