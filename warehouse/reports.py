"""Figures that somebody thinks are wrong, and what became of each report."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from gitinsight.errors import NotFound
from warehouse.engine import Connection, driver
from warehouse.visibility import VISIBLE, Readable, parameter

_COLUMNS = (
    "report_id, repository_id, metric, shown, as_of, comment, reported_by, reported_at,"
    " answer, closed_by, closed_at"
)


@dataclass(frozen=True, slots=True)
class Report:
    """``shown`` is the value as it was read, null where none was shown; ``as_of`` the instant that
    it described. It is open until it has an ``answer``.
    """

    report_id: int
    repository_id: int
    metric: str
    shown: str | None
    as_of: datetime | None
    comment: str
    reported_by: str
    reported_at: datetime
    answer: str | None
    closed_by: str | None
    closed_at: datetime | None


def add(
    connection: Connection, repository_id: int, *, metric: str, shown: str | None,
    as_of: datetime | None, comment: str, by: str, at: datetime,
) -> Report:  # fmt: skip
    return _one(
        connection,
        "insert into ops.figure_reports"
        " (repository_id, metric, shown, as_of, comment, reported_by, reported_at) values"
        " (%(id)s, %(metric)s, %(shown)s, %(as_of)s, %(comment)s, %(by)s, %(at)s)",
        id=repository_id, metric=metric, shown=shown, as_of=as_of, comment=comment, by=by, at=at,
    )  # fmt: skip


def several(
    connection: Connection, *, is_open: bool | None = None, limit: int = 50,
    before: int | None = None, readable: Readable = None,
) -> list[Report]:  # fmt: skip
    """The newest first, about repositories that may be seen; open ones, closed ones, or all."""
    return (
        driver(connection)
        .cursor(row_factory=class_row(Report))
        .execute(
            f"select {_COLUMNS} from ops.figure_reports where {VISIBLE}"  # noqa: S608 - ours
            " and (%(is_open)s::bool is null or (closed_at is null) = %(is_open)s)"
            " and (%(before)s::bigint is null or report_id < %(before)s)"
            " order by report_id desc limit %(limit)s",
            {
                "readable": parameter(readable), "is_open": is_open, "before": before,
                "limit": limit,
            },
        )
        .fetchall()
    )  # fmt: skip


def close(
    connection: Connection, report_id: int, *, answer: str, by: str, at: datetime,
    readable: Readable = None,
) -> Report:  # fmt: skip
    """With what was found; a later answer takes the place of an earlier one. NotFound where there
    is none, or none that may be seen.
    """
    return _one(
        connection,
        "update ops.figure_reports"  # noqa: S608 - ours
        " set answer = %(answer)s, closed_by = %(by)s, closed_at = %(at)s"
        f" where report_id = %(id)s and {VISIBLE}",
        id=report_id, answer=answer, by=by, at=at, readable=parameter(readable),
    )  # fmt: skip


def _one(connection: Connection, statement: str, **values: object) -> Report:
    found = (
        driver(connection)
        .cursor(row_factory=class_row(Report))
        .execute(f"{statement} returning {_COLUMNS}".encode(), values)
        .fetchone()
    )
    if found is None:
        raise NotFound(f"report {values['id']}")
    return found
