"""Insights: what Python is given to compute with, and what it gave."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gitinsight.errors import NotFound
from models.facts import CommitShare, FileChange, Opening, ReviewTie
from tests.support.marts import make
from tests.support.rows import AT
from warehouse import insights
from warehouse.engine import Engine

JOB = UUID(int=1)
HOUR = timedelta(hours=1)
ITEMS = """
    repository_id bigint, number int, is_pull_request boolean, has_pull_request boolean,
    ready_at timestamptz
"""
RESPONSES = "repository_id bigint, number int, response_at timestamptz"
REPOSITORIES = "repository_id bigint, data_as_of timestamptz"


def factor(**changed: Any) -> dict[str, Any]:
    return {
        "window_days": 365, "caf_50_count": 2, "caf_80_count": 5, "hhi_ratio": 0.21,
        "gini_ratio": None, "commits_count": 812, "persons_count": 19,
        "top_persons": [{"person": "ann", "commits_count": 301}], "as_of": AT,
        "definition": "bus-factor@1", "job_id": JOB,
    } | changed  # fmt: skip


def stored(warehouse: Engine, *rows: dict[str, Any], repository_id: int = 1) -> None:
    with warehouse.begin() as connection:
        insights.store(connection, repository_id, "bus_factor", rows)


def read(warehouse: Engine, insight: str = "bus_factor") -> list[dict[str, Any]]:
    with warehouse.begin() as connection:
        return insights.of_repository(connection, 1, insight)


def test_what_is_stored_is_what_is_read(warehouse: Engine) -> None:
    stored(warehouse, factor())

    assert read(warehouse) == [{"repository_id": 1} | factor()]


def test_rows_come_in_the_order_of_what_tells_them_apart(warehouse: Engine) -> None:
    stored(warehouse, factor(window_days=365), factor(window_days=0))

    assert [one["window_days"] for one in read(warehouse)] == [0, 365]


def test_storing_again_replaces_all_rows_of_this_repository_alone(warehouse: Engine) -> None:
    stored(warehouse, factor(commits_count=7), repository_id=2)
    stored(warehouse, factor(window_days=0), factor(window_days=365))

    stored(warehouse, factor(window_days=365, commits_count=813))

    assert [one["commits_count"] for one in read(warehouse)] == [813]
    with warehouse.begin() as connection:
        assert len(insights.of_repository(connection, 2, "bus_factor")) == 1


@pytest.mark.parametrize("insight", insights.ORDER)
def test_what_was_not_computed_yet_is_empty(warehouse: Engine, insight: str) -> None:
    assert read(warehouse, insight) == []


@pytest.mark.parametrize("insight", ["nothing", "bus_factor; drop table ops.jobs", "BUS_FACTOR"])
def test_an_insight_of_another_name_is_not_found(warehouse: Engine, insight: str) -> None:
    with pytest.raises(NotFound, match="insight"):
        read(warehouse, insight)


def test_shares_are_those_of_humans_in_the_window(warehouse: Engine) -> None:
    columns = """
        repository_id bigint, window_days int, person text, commits_count bigint, is_human boolean,
        is_latest boolean
    """
    with warehouse.begin() as connection:
        make(
            connection, "intermediate.int_commit_shares", columns,
            (1, 0, "eve", 3, True, True), (1, 0, "ann", 5, True, True),
            (1, 0, "robot", 9, False, True), (1, 0, "ann", 4, True, False),
            (1, 365, "ann", 2, True, True), (2, 0, "bob", 4, True, True),
        )  # fmt: skip

        assert insights.commit_shares(connection, 1, 0) == [
            CommitShare("ann", 5), CommitShare("eve", 3),
        ]  # fmt: skip


def test_changes_of_files_come_oldest_first_and_a_bot_is_nobody(warehouse: Engine) -> None:
    commits = """
        repository_id bigint, sha text, person text, is_merge boolean, committed_at timestamptz
    """
    with warehouse.begin() as connection:
        make(
            connection, "intermediate.int_commits", commits,
            (1, "c", "ci[bot]", False, AT), (1, "b", "ann", False, AT),
            (1, "m", "ann", True, AT), (1, "a", "ann", False, AT - HOUR),
            (2, "a", "eve", False, AT),
        )  # fmt: skip
        make(
            connection, "intermediate.int_actors",
            "repository_id bigint, login text, actor_class text",
            (1, "ann", "human"), (1, "ci[bot]", "bot"), (2, "eve", "human"),
        )  # fmt: skip
        connection.exec_driver_sql(
            "insert into raw.git_commit_files values"
            " (1, 'c', 1, 'b.py', null, 1, 2), (1, 'b', 2, 'x.png', null, null, null),"
            " (1, 'b', 1, 'b.py', 'a.py', 0, 0), (1, 'a', 1, 'a.py', null, 5, 0),"
            " (1, 'm', 1, 'b.py', null, 7, 7), (2, 'a', 1, 'z.py', null, 1, 0)"
        )
        connection.exec_driver_sql(
            "insert into raw.git_commits (repository_id, sha, parents, author_name, author_email,"
            " authored_at_raw, committer_name, committer_email, committed_at_raw, message,"
            " is_on_default_branch, source, sanitized, extracted_at, run_id)"
            " select 1, sha, '{}', '', '', '', '', '', '', '', true, 'git', false, %s, %s"
            " from (values ('a'), ('b'), ('c'), ('m')) as made (sha)",
            (AT, JOB),
        )
        make(
            connection, "intermediate.int_first_parents", "repository_id bigint, sha text",
            (1, "m"), (1, "a"), (2, "b"),
        )  # fmt: skip

        assert list(insights.file_changes(connection, 1)) == [
            FileChange("a.py", None, "ann", 5, 0, is_merge=False, is_on_trunk=True),
            FileChange("b.py", "a.py", "ann", 0, 0, is_merge=False, is_on_trunk=False),
            FileChange("x.png", None, "ann", 0, 0, is_merge=False, is_on_trunk=False),
            FileChange("b.py", None, None, 1, 2, is_merge=False, is_on_trunk=False),
            FileChange("b.py", None, "ann", 7, 7, is_merge=True, is_on_trunk=True),
        ]  # fmt: skip


def test_ties_are_of_humans_and_of_the_window(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        make(
            connection, "intermediate.int_reviews",
            "repository_id bigint, reviewer_login text, author_login text,"
            " is_by_other_human boolean, submitted_at timestamptz",
            (1, "ben", "ann", True, AT), (1, "ben", "ann", True, AT - 179 * 24 * HOUR),
            (1, "ben", "ann", True, AT - 180 * 24 * HOUR), (1, "ben", "ann", True, AT + HOUR),
            (1, "ben", "ann", True, None), (1, "ann", "ann", False, AT),
            (1, "ann", "ci[bot]", True, AT), (1, "ann", "ben", True, AT),
            (2, "ben", "ann", True, AT),
        )  # fmt: skip
        make(
            connection, "intermediate.int_actors",
            "repository_id bigint, login text, actor_class text",
            (1, "ann", "human"), (1, "ben", "human"), (1, "ci[bot]", "bot"), (2, "ann", "human"),
        )  # fmt: skip
        make(
            connection, "intermediate.int_repositories",
            "repository_id bigint, data_as_of timestamptz", (1, AT), (2, AT),
        )  # fmt: skip
        make(
            connection, "intermediate.int_coverage",
            "repository_id bigint, knows_reviews boolean", (1, True), (2, False),
        )  # fmt: skip

        assert insights.review_ties(connection, 1, 180) == [
            ReviewTie("ann", "ben", 1), ReviewTie("ben", "ann", 2)
        ]  # fmt: skip
        assert [insights.knows_reviews(connection, one) for one in (1, 2, 3)] == [
            True, False, False
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("knows_commits", "lines_count", "known"), [(True, 3, True), (True, None, False),
    (False, 3, False)],
)  # fmt: skip
def test_files_are_known_where_those_of_every_commit_are(
    warehouse: Engine, *, knows_commits: bool, lines_count: int | None, known: bool
) -> None:
    with warehouse.begin() as connection:
        make(
            connection, "intermediate.int_coverage",
            "repository_id bigint, knows_commits boolean", (1, knows_commits), (3, True),
        )  # fmt: skip
        make(
            connection, "intermediate.int_commits",
            "repository_id bigint, lines_added_handwritten_count int",
            (1, 0), (1, lines_count), (2, None), (3, 1),
        )  # fmt: skip
        connection.exec_driver_sql(
            "insert into raw.git_branches"
            " (repository_id, name, commit_sha, is_default, extracted_at, run_id)"
            " values (1, 'main', 'a', true, %s, %s), (3, 'next', 'a', false, %s, %s)",
            (AT, JOB, AT, JOB),
        )

        assert insights.knows_files(connection, 1) is known
        assert not insights.knows_files(connection, 3)
        assert not insights.knows_files(connection, 9)


def test_openings_have_the_first_answer_that_lies_between_them_and_the_watermark(
    warehouse: Engine,
) -> None:
    with warehouse.begin() as connection:
        make(connection, "intermediate.int_repositories", REPOSITORIES, (1, AT), (2, AT))
        make(
            connection, "intermediate.int_items", ITEMS,
            (1, 1, False, False, AT - 9 * HOUR), (1, 2, False, False, AT - 8 * HOUR),
            (1, 3, False, False, AT - 7 * HOUR), (1, 4, False, False, AT + HOUR),
            (1, 5, True, True, AT - 6 * HOUR), (1, 6, True, False, AT - 5 * HOUR),
            (1, 7, True, True, AT - 5 * HOUR), (1, 8, True, True, AT - 5 * HOUR),
            (2, 1, False, False, AT - HOUR),
        )  # fmt: skip
        # The seventh is a draft, the eighth was one until it was closed.
        make(
            connection, "candidate.pull_request_cycle_time",
            "repository_id bigint, number integer, ready_at timestamptz",
            (1, 5, AT - 6 * HOUR), (1, 7, None), (1, 8, AT - 2 * HOUR),
        )  # fmt: skip
        make(
            connection, "intermediate.int_first_responses", RESPONSES,
            (1, 1, AT - 4 * HOUR), (1, 2, AT + HOUR), (1, 3, AT - 8 * HOUR), (1, 5, AT),
            (1, 7, AT - HOUR), (1, 8, AT - 3 * HOUR),
        )  # fmt: skip

        issues = insights.openings(connection, 1, "issues")
        pulls = insights.openings(connection, 1, "pull_requests")

    assert issues == [
        Opening(AT - 9 * HOUR, AT - 4 * HOUR), Opening(AT - 8 * HOUR, None),
        Opening(AT - 7 * HOUR, None),
    ]  # fmt: skip
    assert pulls == [Opening(AT - 6 * HOUR, AT), Opening(AT - 2 * HOUR, AT - 2 * HOUR)]


@pytest.mark.parametrize(
    ("known", "subjects"),
    [
        ((True, True), ["issues", "pull_requests"]),
        ((False, True), ["pull_requests"]),
        ((False, False), []),
        ((None, None), []),
    ],
)
def test_answers_are_known_where_everything_that_may_be_one_was_read(
    warehouse: Engine, known: tuple[bool | None, bool | None], subjects: list[str]
) -> None:
    columns = """
        repository_id bigint, knows_issue_responses boolean, knows_pull_request_responses boolean
    """
    with warehouse.begin() as connection:
        make(connection, "intermediate.int_coverage", columns, (1, *known), (2, True, True))

        assert insights.subjects_with_answers(connection, 1) == subjects
        assert insights.subjects_with_answers(connection, 9) == []


def test_the_instant_of_the_figures_is_that_of_this_job(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        make(connection, "intermediate.int_repositories", REPOSITORIES, (1, AT))

        assert insights.data_as_of(connection, 1) == AT
        with pytest.raises(NotFound, match="repository 2"):
            insights.data_as_of(connection, 2)
