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


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Entry):
    audit_id: int


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


def recent(
    connection: Connection, *, limit: int = 50, before: int | None = None,
    principal: str | None = None,
) -> list[Recorded]:  # fmt: skip
    """The newest first; of one principal, where one is named."""
    cursor = driver(connection).cursor(row_factory=class_row(Recorded))
    return cursor.execute(
        "select audit_id, at, principal, address, method, route, target, status, request_id"
        " from auth.audit where (%(before)s::bigint is null or audit_id < %(before)s)"
        " and (%(principal)s::text is null or principal = %(principal)s)"
        " order by audit_id desc limit %(limit)s",
        {"before": before, "principal": principal, "limit": limit},
    ).fetchall()
