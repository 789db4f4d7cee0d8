"""What analysts may do by hand: read marts and insights, for half a minute at most."""

from typing import Any

from psycopg import Error
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from gitinsight.errors import GitInsightError, first_line
from warehouse import past
from warehouse.engine import Connection, driver

_TIMEOUT = "30s"


class QueryFailed(GitInsightError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the query failed: {self.reason}"


def select(connection: Connection, text: str, *, is_past: bool = False) -> list[dict[str, Any]]:
    """The rows of one statement, as the role ``gitinsight_analyst``; QueryFailed says why not. Of
    the past another role reads what was built last of it, and nothing that is of today.
    """
    role, schemas = (
        (past.ROLE, past.MARTS) if is_past else ("gitinsight_analyst", "marts, insights")
    )
    raw = driver(connection)
    cursor = raw.cursor(row_factory=dict_row)
    try:
        cursor.execute("set transaction read only")
        cursor.execute(SQL("set local role {}").format(Identifier(role)))
        cursor.execute(SQL("set local search_path = " + schemas))
        cursor.execute(SQL("set local statement_timeout = {}").format(_TIMEOUT))
        cursor.execute(text.encode(), prepare=True)  # one statement: what is prepared has no `;`
        return cursor.fetchall() if cursor.description else []
    except Error as error:
        raise QueryFailed(first_line(error)) from error
    finally:
        raw.rollback()  # and with it the role; SQLAlchemy knows of no transaction here
