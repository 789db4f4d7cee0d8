"""The insights that Python computes, as they were stored last."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from psycopg.rows import class_row, dict_row
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb

from gitinsight.errors import NotFound
from models.facts import CommitShare, FileChange, Opening, ReviewTie
from warehouse.engine import Connection, driver
from warehouse.schemas import NOW, Schemas

ORDER = {
    "anomalies": ("first_day", "metric", "days_count"),
    "bus_factor": ("window_days",),
    "forecast_accuracy": ("metric", "method"),
    "forecasts": ("metric", "horizon_weeks"),
    "review_centrality": ("person",),
    "review_latency": ("subject",),
    "truck_factor": ("definition",),
}
"""Each insight and the columns that its rows of one repository are ordered by."""
SUBJECTS = ("issues", "pull_requests")


def of_repository(connection: Connection, repository_id: int, insight: str) -> list[dict[str, Any]]:
    """Its rows, with evidence and definition; none where it was not computed yet."""
    if insight not in ORDER:
        raise NotFound(f"insight {insight}")
    statement = SQL("select * from {} where repository_id = %s order by {}").format(
        Identifier("insights", insight), SQL(", ").join(map(Identifier, ORDER[insight]))
    )
    cursor = driver(connection).cursor(row_factory=dict_row)
    return cursor.execute(statement, (repository_id,)).fetchall()


def commit_shares(
    connection: Connection, repository_id: int, window_days: int, *, schemas: Schemas = NOW
) -> list[CommitShare]:
    """Commits of humans, person by person, as dbt has just computed them."""
    cursor = driver(connection).cursor(row_factory=class_row(CommitShare))
    return cursor.execute(
        schemas.of(
            "select person, commits_count from intermediate.int_commit_shares"
            " where repository_id = %s and window_days = %s and is_latest and is_human"
            " order by person"
        ),
        (repository_id, window_days),
    ).fetchall()


def knows_reviews(connection: Connection, repository_id: int, *, schemas: Schemas = NOW) -> bool:
    found = (
        driver(connection)
        .execute(
            schemas.of(
                "select knows_reviews from intermediate.int_coverage where repository_id = %s"
            ),
            (repository_id,),
        )
        .fetchone()
    )
    return bool(found and found[0])


def review_ties(
    connection: Connection, repository_id: int, window_days: int, *, schemas: Schemas = NOW
) -> list[ReviewTie]:
    """Reviews of humans by other humans, pair by pair, of the days before the figures."""
    cursor = driver(connection).cursor(row_factory=class_row(ReviewTie))
    return cursor.execute(
        schemas.of(
            "select review.reviewer_login as reviewer, review.author_login as author,"
            " count(*) as reviews_count from intermediate.int_reviews as review"
            " join intermediate.int_repositories as repository using (repository_id)"
            " join intermediate.int_actors as actor on actor.repository_id = review.repository_id"
            " and actor.login = review.author_login and actor.actor_class = 'human'"
            " where review.repository_id = %s and review.is_by_other_human"
            " and review.submitted_at <= repository.data_as_of"
            " and review.submitted_at > repository.data_as_of - %s * interval '1 day'"
            " group by review.reviewer_login, review.author_login order by 1, 2"
        ),
        (repository_id, window_days),
    ).fetchall()


def knows_files(connection: Connection, repository_id: int, *, schemas: Schemas = NOW) -> bool:
    """Whether the default branch and the files of all its commits are known."""
    found = (
        driver(connection)
        .execute(
            schemas.of(
                "select knows_commits and not exists (select from intermediate.int_commits as made"
                " where made.repository_id = coverage.repository_id"
                " and made.lines_added_handwritten_count is null)"
                " and exists (select from raw.git_branches as branch"
                " where branch.repository_id = coverage.repository_id"
                " and is_default and deleted_at is null)"
                " from intermediate.int_coverage as coverage where repository_id = %s"
            ),
            (repository_id,),
        )
        .fetchone()
    )
    return bool(found and found[0])


def file_changes(
    connection: Connection, repository_id: int, *, schemas: Schemas = NOW
) -> Iterator[FileChange]:
    """What commits of the default branch did to files, the oldest first. It is read as it is
    consumed, and so within the transaction.
    """
    with driver(connection).cursor("file_changes", row_factory=class_row(FileChange)) as cursor:
        cursor.itersize = 10_000
        cursor.execute(
            schemas.of(
                "select changed.path, changed.previous_path,"
                " case when actor.actor_class = 'human' then made.person end as person,"
                " coalesce(changed.additions, 0) as lines_added_count,"
                " coalesce(changed.deletions, 0) as lines_deleted_count, made.is_merge,"
                " trunk.sha is not null as is_on_trunk"
                " from intermediate.int_commits as made"
                " join intermediate.int_actors as actor"
                " on actor.repository_id = made.repository_id and actor.login = made.person"
                " join raw.git_commit_files as changed"
                " on changed.repository_id = made.repository_id and changed.sha = made.sha"
                " left join intermediate.int_first_parents as trunk"
                " on trunk.repository_id = made.repository_id and trunk.sha = made.sha"
                " where made.repository_id = %s"
                " order by made.committed_at nulls first, made.sha, changed.ordinal"
            ),
            (repository_id,),
        )
        yield from cursor


def subjects_with_answers(
    connection: Connection, repository_id: int, *, schemas: Schemas = NOW
) -> list[str]:
    """Of issues and pull requests those of which everything that may be an answer was read."""
    found = (
        driver(connection)
        .execute(
            schemas.of(
                "select knows_issue_responses, knows_pull_request_responses"
                " from intermediate.int_coverage where repository_id = %s"
            ),
            (repository_id,),
        )
        .fetchone()
    ) or (False, False)
    return [name for name, is_known in zip(SUBJECTS, found, strict=True) if is_known]


def openings(
    connection: Connection, repository_id: int, subject: str, *, schemas: Schemas = NOW
) -> list[Opening]:
    """Issues or pull requests, each with its first answer by another human. A pull request is asked
    about from when it is ready, and a draft not at all, as in ``marts.pull_request_weekly``.
    """
    is_pull_request = subject == "pull_requests"
    cursor = driver(connection).cursor(row_factory=class_row(Opening))
    return cursor.execute(
        schemas.of(
            "select asked.opened_at,"
            " case when answer.response_at between item.ready_at and repository.data_as_of"
            " then greatest(asked.opened_at, answer.response_at) end as answered_at"
            " from intermediate.int_items as item"
            " left join candidate.pull_request_cycle_time as pull using (repository_id, number)"
            " left join intermediate.int_first_responses as answer using (repository_id, number)"
            " join intermediate.int_repositories as repository using (repository_id)"
            " cross join lateral (select case when item.is_pull_request then pull.ready_at"
            " else item.ready_at end as opened_at) as asked"
            " where item.repository_id = %s and item.is_pull_request = %s"
            " and asked.opened_at <= repository.data_as_of order by item.number"
        ),
        (repository_id, is_pull_request),
    ).fetchall()


def data_as_of(connection: Connection, repository_id: int, *, schemas: Schemas = NOW) -> datetime:
    """The instant that the figures just computed describe."""
    found = (
        driver(connection)
        .execute(
            schemas.of(
                "select data_as_of from intermediate.int_repositories where repository_id = %s"
            ),
            (repository_id,),
        )
        .fetchone()
    )
    if found is None:
        raise NotFound(f"repository {repository_id} in the figures of this job")
    return cast("datetime", found[0])


def store(
    connection: Connection, repository_id: int, insight: str, rows: Sequence[dict[str, Any]], *,
    schemas: Schemas = NOW,
) -> None:  # fmt: skip
    """Replace an insight's rows of one repository; lists and records become JSON."""
    raw = driver(connection)
    raw.execute(
        SQL("delete from {} where repository_id = %s").format(schemas.table("insights", insight)),
        (repository_id,),
    )
    for row in rows:
        columns = [*row, "repository_id"]
        values = [Jsonb(one) if isinstance(one, list | dict) else one for one in row.values()]
        raw.execute(
            SQL("insert into {} ({}) values ({})").format(
                schemas.table("insights", insight),
                SQL(", ").join(map(Identifier, columns)),
                SQL(", ").join(Placeholder() * len(columns)),
            ),
            [*values, repository_id],
        )
