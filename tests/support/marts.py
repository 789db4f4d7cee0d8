"""Marts made by hand, small enough to be understood; dbt has tests of its own."""

from collections.abc import Sequence
from typing import Any

from tests.support.rows import AT, add_repository, claim
from warehouse import publish
from warehouse.engine import Connection, Engine, driver
from warehouse.jobs import Job

SUMMARY = """
    repository_id bigint primary key, issues_count bigint, forks_count bigint,
    p50_hours double precision
"""
CONTRIBUTOR = """
    repository_id bigint, person text, commits_count bigint, primary key (repository_id, person)
"""
ACTIVITY = """
    repository_id bigint, day date, commits_count bigint, commits_human_count bigint,
    lines_added_count numeric, active_persons_count bigint, remark text,
    primary key (repository_id, day)
"""


def make(connection: Connection, table: str, columns: str, *rows: tuple[Any, ...]) -> None:
    """``table`` with its schema, anew, holding ``rows``."""
    raw = driver(connection)
    schema = table.partition(".")[0]
    raw.execute(f"create schema if not exists {schema}".encode())
    raw.execute(f"drop table if exists {table}".encode())
    raw.execute(f"create table {table} ({columns})".encode())
    for row in rows:
        places = ", ".join(["%s"] * len(row))
        raw.execute(f"insert into {table} values ({places})".encode(), row)


def publish_two(warehouse: Engine, *, names: Sequence[str] = ("octo/app-1", "octo/app-2")) -> None:
    """The figures of two repositories, the second one private."""
    for number, name in enumerate(names, 1):
        publish_figures(
            warehouse, claim(warehouse, add_repository(warehouse, name, github_id=number))
        )
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.repositories set is_private = true where repository_id = 2"
        )


def publish_figures(warehouse: Engine, job: Job, *, issues_count: int | None = 479) -> int:
    """A summary, three contributors and three days of one repository, shown to everybody."""
    repository_id = job.repository_id
    with warehouse.begin() as connection:
        make(
            connection, "candidate.repository_summary", SUMMARY,
            (repository_id, issues_count, None, 2.5),
        )  # fmt: skip
        make(
            connection, "candidate.contributor", CONTRIBUTOR,
            (repository_id, "ann", 5), (repository_id, "bob", 3), (repository_id, "eve", 0),
        )  # fmt: skip
        make(
            connection, "candidate.daily_activity", ACTIVITY,
            (repository_id, "2026-01-05", 3, 2, 10, 2, None),
            (repository_id, "2026-01-06", 4, 4, 20, 1, None),
            (repository_id, "2026-01-12", None, None, None, 0, None),
        )  # fmt: skip
        publish.prepare(connection)
        return publish.publish(
            connection, repository_id, job_id=job.job_id, as_of=AT, at=AT,
            quality_status="passed", rows={},
        )  # fmt: skip
