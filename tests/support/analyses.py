"""Analyses as a worker makes them, in the process of the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from flows.alone import work_off
from flows.attempt import attempt
from flows.steps.run import Run
from gitinsight import clock, targets
from gitinsight.settings import Settings
from tests.support.github import GitHub
from warehouse import jobs, repositories
from warehouse.engine import Engine, driver
from warehouse.governor import SharedGovernor
from warehouse.jobs import Job


def follow(settings: Settings, warehouse: Engine, name: str) -> int:
    """The id of a repository that is followed from now on."""
    ask = partial(targets.ask, settings=settings, governor=partial(SharedGovernor, warehouse))
    target = targets.parse(name, settings)
    repository, _ = repositories.follow(warehouse, target, ask, at=clock.now())
    return repository.repository_id


def enqueue(
    settings: Settings, warehouse: Engine, name: str, *, is_full: bool = False,
    as_of: datetime | None = None,
) -> Job:  # fmt: skip
    repository_id = follow(settings, warehouse, name)
    with warehouse.begin() as connection:
        job, _ = jobs.enqueue(
            connection, repository_id, is_full=is_full, as_of=as_of, at=clock.now()
        )
    return job


def analyse(
    settings: Settings, warehouse: Engine, name: str, *, is_full: bool = False,
    as_of: datetime | None = None,
) -> Job:  # fmt: skip
    """One job from queue to end."""
    job = enqueue(settings, warehouse, name, is_full=is_full, as_of=as_of)
    work_off(settings, warehouse, [job.job_id])
    with warehouse.begin() as connection:
        return jobs.by_id(connection, job.job_id)


@contextmanager
def attempting(
    settings: Settings, warehouse: Engine, name: str, *, as_of: datetime | None = None
) -> Iterator[Run]:
    """A claimed job of a repository, for steps that are tried one by one; it succeeds."""
    job = enqueue(settings, warehouse, name, as_of=as_of)
    with attempt(settings, warehouse, job.job_id, worker="test") as run:
        yield run
        with warehouse.begin() as connection:
            jobs.finish(connection, run.job, state="succeeded", at=clock.now(), outcome={})


def renew_limits(warehouse: Engine, github: GitHub) -> None:
    """As if the window of every limit had ended, for the simulated GitHub and for the governor."""
    github.control(calm=True)
    with warehouse.begin() as connection:
        connection.exec_driver_sql("truncate ops.principals, ops.buckets")


def rows(warehouse: Engine, statement: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return driver(connection).execute(statement.encode()).fetchall()


def with_gaps(warehouse: Engine) -> list[UUID]:
    """Jobs of which an event is missing."""
    found = rows(
        warehouse,
        "select job_id from ops.job_events group by job_id having max(seq) <> count(*)",
    )
    return [job_id for (job_id,) in found]


def count(warehouse: Engine, statement: str) -> int:
    found = rows(warehouse, f"select count(*) from {statement}")
    return int(found[0][0])
