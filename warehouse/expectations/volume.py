"""How much there is: of what is held, beside the rows of the job whose figures are shown; of what
happened in a week, beside the weeks before it.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from psycopg import sql

from gitinsight.things.catalogue import GITHUB_THINGS
from gitinsight.things.issues import ISSUES
from gitinsight.things.pull_requests import PULL_REQUESTS
from models.volume import surprise
from warehouse import completeness
from warehouse.engine import Connection, driver
from warehouse.expectations.measure import Measure, columns, count
from warehouse.schemas import NOW, Schemas

TOMBSTONED = (*(thing.table for thing in GITHUB_THINGS), "git_tags", "git_branches")
_PLAIN = ("git_commits", "git_commit_files", "git_identities")
_OF_A_COUNT = {
    **{
        thing.table: thing.name
        for thing in completeness.COUNTED
        if thing.name not in completeness.COUNTED_OTHERWISE
    },
    "git_tags": "tags", "git_branches": "branches",
}  # fmt: skip
"""Tables that have a row for each that GitHub counts."""
_FEW = 10
"""So many rows, but no more than half of them, are deleted now and then."""
_ARRIVALS = (
    "commits_count", "issues_opened_count", "pull_requests_opened_count", "issue_comments_count",
    "reviews_count", "review_comments_count",
)  # fmt: skip
_WEEKS = 26
_LEAST_WEEKS = 8
_LEAST_EVENTS = 50
"""Fewer than these say nothing about what a week is like."""
_SURPRISE = 5.0
"""-log10 p: five of the 4,900 weeks of three real repositories were as odd as this."""


def counts(connection: Connection, repository_id: int) -> dict[str, int]:
    """Raw table -> rows that are not deleted, for the next run to compare with."""
    return {
        table: count(
            connection,
            sql.SQL("select count(*) from raw.{} where repository_id = %s{}").format(
                sql.Identifier(table),
                sql.SQL(" and deleted_at is null" if table in TOMBSTONED else ""),
            ),
            repository_id,
        )
        for table in (*TOMBSTONED, *_PLAIN)
    }


def held(
    connection: Connection, repository_id: int, previous: Mapping[str, int], drop_ratio: float
) -> Iterator[Measure]:
    """What is held does not shrink below what GitHub counts, nor, where it counts nothing, by more
    than is deleted now and then.
    """
    found, told = counts(connection, repository_id), _told(connection, repository_id)
    for table, before in previous.items():
        if table in found:
            few_gone = before - min(_FEW, before // 2)
            rows = found[table]
            least = min(math.ceil(before * (1 - drop_ratio)), told.get(table, few_gone))
            yield Measure(
                f"volume:{table}", f"raw.{table}", "block", rows, least,
                f"{rows} rows", f"at least {least} rows, {before} before",
            )  # fmt: skip


def _told(connection: Connection, repository_id: int) -> dict[str, int]:
    """Table -> rows that it has where it has all that GitHub counted last."""
    counted = {
        thing: one.upstream_count
        for thing, one in completeness.entries(connection, repository_id).items()
        if one.upstream_count is not None
    }
    told = {table: counted[thing] for table, thing in _OF_A_COUNT.items() if thing in counted}
    if {ISSUES.name, PULL_REQUESTS.name} <= counted.keys():  # which are in one list
        told[ISSUES.table] = counted[ISSUES.name] + counted[PULL_REQUESTS.name]
    return told


def arrivals(
    connection: Connection, repository_id: int, as_of: datetime, schemas: Schemas = NOW
) -> Iterator[Measure]:
    """The newest seven days that are over, in which pages are missed or read twice first of all."""
    present = columns(connection, schemas.named("candidate"))["daily_activity"]
    table = schemas.table("candidate", "daily_activity")
    for column in _ARRIVALS:
        if column not in present:
            continue
        newest, *before = _weeks(connection, table, repository_id, column, as_of.date()) or [0]
        if len(before) < _LEAST_WEEKS or sum(before) < _LEAST_EVENTS:
            continue
        odd = surprise(before, newest)
        yield Measure(
            f"arrivals:{column}", "candidate.daily_activity", "warn", -odd, -_SURPRISE,
            f"{newest} in a week, {sum(before) / len(before):.1f} in each of {len(before)} before,"
            f" odds of 1 in 10^{odd:.1f}",
            f"what is met once in 10^{_SURPRISE:.0f} weeks",
        )  # fmt: skip


def _weeks(
    connection: Connection, table: sql.Identifier, repository_id: int, column: str, today: date
) -> list[int]:
    """The newest first; only whole ones, and none where one of their days is not known."""
    found = (
        driver(connection)
        .execute(
            sql.SQL(
                """
                select sum({0}), count({0}) = 7
                from {1}
                where repository_id = %(id)s and day < %(today)s and day >= %(today)s - %(days)s
                group by (%(today)s - day - 1) / 7
                having count(*) = 7
                order by (%(today)s - day - 1) / 7
                """
            ).format(sql.Identifier(column), table),
            {"id": repository_id, "today": today, "days": 7 * (_WEEKS + 1)},
        )
        .fetchall()
    )
    return [int(total) for total, _ in found] if all(is_known for _, is_known in found) else []
