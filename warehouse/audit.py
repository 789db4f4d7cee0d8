"""What somebody known has asked to be written, and how it ended: rows that are only added."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from warehouse.engine import Connection, driver


@dataclass(frozen=True, slots=True)
class Entry:
    """``route`` is the template of the path, ``target`` the path; ``status`` is that of HTTP."""

    at: datetime
    principal: str
    address: str | None
    method: str
    route: str
    target: str
    status: int
    request_id: str


def record(connection: Connection, entry: Entry) -> None:
    driver(connection).execute(
        "insert into auth.audit"
        " (at, principal, address, method, route, target, status, request_id)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            entry.at, entry.principal, entry.address, entry.method, entry.route, entry.target,
            entry.status, entry.request_id,
        ),
    )  # fmt: skip


def recent(connection: Connection, *, limit: int = 50) -> list[Entry]:
    """The newest first."""
    cursor = driver(connection).cursor(row_factory=class_row(Entry))
    return cursor.execute(
        "select at, principal, address, method, route, target, status, request_id"
        " from auth.audit order by audit_id desc limit %s",
        (limit,),
    ).fetchall()
