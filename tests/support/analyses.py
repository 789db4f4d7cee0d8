"""Analyses as a worker makes them, in the process of the test."""

from functools import partial

from flows.alone import work_off
from gitinsight import clock, targets
from gitinsight.settings import Settings
from warehouse import jobs, repositories
from warehouse.engine import Engine
from warehouse.jobs import Job


def follow(settings: Settings, warehouse: Engine, name: str) -> int:
    """The id of a repository that is followed from now on."""
    ask = partial(targets.ask, settings=settings)
    target = targets.parse(name, settings)
    repository, _ = repositories.follow(warehouse, target, ask, at=clock.now())
    return repository.repository_id


def analyse(settings: Settings, warehouse: Engine, name: str, *, is_full: bool = False) -> Job:
    """One job from queue to end."""
    repository_id = follow(settings, warehouse, name)
    with warehouse.begin() as connection:
        job, _ = jobs.enqueue(connection, repository_id, is_full=is_full, at=clock.now())
    work_off(settings, warehouse, [job.job_id])
    with warehouse.begin() as connection:
        return jobs.by_id(connection, job.job_id)
