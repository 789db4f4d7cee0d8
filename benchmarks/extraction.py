"""One repository through the extract stage, in a process of its own.

The settings come from the environment, as the worker's do. What is measured ends with the ledger;
dbt and everything after it is left out. Prints one line of JSON.
"""

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from benchmarks.measure import own_peak_bytes
from flows.attempt import attempt
from flows.steps.extract import extract
from gitinsight import targets
from gitinsight.settings import Settings
from warehouse import jobs, repositories
from warehouse.engine import Engine, driver, make_engine

T = TypeVar("T")
THINGS = (
    "issues", "issue_comments", "pull_requests", "pull_request_commits", "reviews",
    "review_comments", "pull_request_files", "issue_events", "labels", "milestones", "releases",
    "forks", "workflow_runs",
)  # fmt: skip
"""What dlt reads as well; records are counted of these alone."""


def main(name: str) -> None:
    gc.freeze()  # as in the fork of the worker that a job runs in
    settings = Settings()
    engine = make_engine(settings.warehouse_url, process="worker")
    print(json.dumps(run(settings, engine, name)), flush=True)
    engine.dispose()


def run(settings: Settings, engine: Engine, name: str) -> dict[str, Any]:
    """``seconds`` of the stage, by step in ``steps``, the most memory that this process
    had, the ``rows`` that were read, and the ``records`` held afterwards.
    """
    ask = partial(targets.ask, settings=settings)
    at = datetime.now(UTC)
    repository, _ = repositories.follow(engine, targets.parse(name, settings), ask, at=at)
    with engine.begin() as connection:
        job, _ = jobs.enqueue(connection, repository.repository_id, at=at)
    steps: dict[str, float] = {}

    def timed(step: str, read: Callable[[], T]) -> T:
        started = time.perf_counter()
        try:
            return read()
        finally:
            steps[step] = round(time.perf_counter() - started, 3)

    with attempt(settings, engine, job.job_id, worker=f"bench:{os.getpid()}") as one:
        started = time.perf_counter()
        with one.heartbeat():
            done = extract(one, timed)
        seconds = time.perf_counter() - started
        with engine.begin() as connection:
            jobs.finish(connection, one.job, state="succeeded", at=datetime.now(UTC), outcome={})
    return {
        "seconds": round(seconds, 3),
        "steps": steps,
        "peak_bytes": own_peak_bytes(),
        "rows": sum(result.rows for result in done.results.values()),
        "records": _held(engine, repository.repository_id),
    }


def _held(engine: Engine, repository_id: int) -> dict[str, int]:
    counts = {}
    with engine.connect() as connection:
        for thing in THINGS:
            found = driver(connection).execute(
                f"select count(*) from raw.github_{thing}"  # noqa: S608 - names of ours
                " where repository_id = %s and deleted_at is null",
                (repository_id,),
            )
            counts[thing] = int(found.fetchall()[0][0])
    return counts


if __name__ == "__main__":
    main(sys.argv[1])
