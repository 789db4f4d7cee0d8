"""Rows that a test begins with: repositories, payloads, jobs."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from gitinsight.github import payloads
from gitinsight.github.payloads import Row
from warehouse import jobs, repositories
from warehouse.engine import Connection, Engine, driver
from warehouse.jobs import Job

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOST = "https://api.github.test"


def add_repository(warehouse: Engine, full_name: str = "octo/app", *, github_id: int = 1) -> int:
    with warehouse.begin() as connection:
        added, _ = repositories.add(
            connection, host=HOST, full_name=full_name, github_id=github_id, at=AT,
            clone_url=f"https://github.test/{full_name}.git",
        )  # fmt: skip
    return added.repository_id


def payload_row(identifier: int = 1, *, at: datetime | None = AT, **fields: Any) -> Row:
    """``at`` is when GitHub says that it changed."""
    payload = msgspec.json.encode({"id": identifier, **fields})
    return payloads.row(identifier, payload, at)


def queue(warehouse: Engine, repository_id: int = 1, *, at: datetime = AT) -> Job:
    with warehouse.begin() as connection:
        job, _ = jobs.enqueue(connection, repository_id, at=at)
    return job


def claim(warehouse: Engine, repository_id: int = 1, *, worker: str = "worker") -> Job:
    """A running job, held for half a minute."""
    queued = queue(warehouse, repository_id)
    with warehouse.begin() as connection:
        return jobs.claim(connection, queued.job_id, worker=worker, at=AT)


def fetch(connection: Connection, query: str, *values: object) -> list[tuple[Any, ...]]:
    return driver(connection).execute(query.encode(), values).fetchall()


def value(warehouse: Engine, query: str, *values: object) -> Any:
    """The one value of the one row."""
    with warehouse.begin() as connection:
        ((found,),) = fetch(connection, query, *values)
    return found
