"""The insights that Python computes, as they were stored last."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from psycopg.rows import class_row, dict_row
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb

from gitinsight.errors import NotFound
from models.facts import CommitShare, Opening
from warehouse.engine import Connection, driver

ORDER = {"bus_factor": "window_days", "review_latency": "subject"}
"""Each insight and the column that its rows of one repository are ordered by."""
SUBJECTS = ("issues", "pull_requests")


def of_repository(connection: Connection, repository_id: int, insight: str) -> list[dict[str, Any]]:
    """Its rows, with evidence and definition; none where it was not computed yet."""
    if insight not in ORDER:
        raise NotFound(f"insight {insight}")
    statement = SQL("select * from {} where repository_id = %s order by {}").format(
        Identifier("insights", insight), Identifier(ORDER[insight])
    )
    cursor = driver(connection).cursor(row_factory=dict_row)
    return cursor.execute(statement, (repository_id,)).fetchall()


def commit_shares(
    connection: Connection, repository_id: int, window_days: int
) -> list[CommitShare]:
    """Commits of humans, person by person, as dbt has just computed them."""
    cursor = driver(connection).cursor(row_factory=class_row(CommitShare))
    return cursor.execute(
        "select person, commits_count from intermediate.int_commit_shares"
        " where repository_id = %s and window_days = %s and is_latest and is_human"
        " order by person",
        (repository_id, window_days),
    ).fetchall()


def subjects_with_answers(connection: Connection, repository_id: int) -> list[str]:
    """Of issues and pull requests those of which everything that may be an answer was read."""
    found = (
        driver(connection)
        .execute(
            "select knows_issue_responses, knows_pull_request_responses"
            " from intermediate.int_coverage where repository_id = %s",
            (repository_id,),
        )
        .fetchone()
    ) or (False, False)
    return [name for name, is_known in zip(SUBJECTS, found, strict=True) if is_known]


def openings(connection: Connection, repository_id: int, subject: str) -> list[Opening]:
    """Issues or pull requests of humans, each with its first answer by another human."""
    is_pull_request = subject == "pull_requests"
    cursor = driver(connection).cursor(row_factory=class_row(Opening))
    return cursor.execute(
        "select item.ready_at as opened_at,"
        " case when answer.response_at between item.ready_at and repository.data_as_of"
        " then answer.response_at end as answered_at"
        " from intermediate.int_items as item"
        " left join intermediate.int_first_responses as answer using (repository_id, number)"
        " join intermediate.int_repositories as repository using (repository_id)"
        " where item.repository_id = %s and item.is_pull_request = %s"
        " and item.ready_at <= repository.data_as_of"
        " and not (item.is_pull_request and not item.has_pull_request) order by item.number",
        (repository_id, is_pull_request),
    ).fetchall()


def data_as_of(connection: Connection, repository_id: int) -> datetime:
    """The instant that the figures just computed describe."""
    found = (
        driver(connection)
        .execute(
            "select data_as_of from intermediate.int_repositories where repository_id = %s",
            (repository_id,),
        )
        .fetchone()
    )
    if found is None:
        raise NotFound(f"repository {repository_id} in the figures of this job")
    return cast("datetime", found[0])


def store(
    connection: Connection, repository_id: int, insight: str, rows: Sequence[dict[str, Any]]
) -> None:
    """Replace an insight's rows of one repository; lists and records become JSON."""
    raw = driver(connection)
    raw.execute(
        SQL("delete from {} where repository_id = %s").format(Identifier("insights", insight)),
        (repository_id,),
    )
    for row in rows:
        columns = [*row, "repository_id"]
        values = [Jsonb(one) if isinstance(one, list | dict) else one for one in row.values()]
        raw.execute(
            SQL("insert into {} ({}) values ({})").format(
                Identifier("insights", insight),
                SQL(", ").join(map(Identifier, columns)),
                SQL(", ").join(Placeholder() * len(columns)),
            ),
            [*values, repository_id],
        )
