"""What Prefect costs: an analysis as a job of the running stack, beside its steps called directly;
and how soon one ends that is cancelled at a random moment.

Both begin with the row of the job and end with its last state, in two databases of one server, in
turn. The simulated GitHub takes so long for each answer that an analysis takes about a minute. The
direct one is in a process that has begun already, so that everything else counts against us: the
hand-over, the process of the run, Prefect's own calls, artifacts.
"""

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx2
from pydantic import SecretStr

from benchmarks import measure
from benchmarks.figures import Baseline, Figure, Target
from flows import stack
from flows.alone import work_off
from gitinsight import clock, targets
from gitinsight.runtime.process import free_port
from gitinsight.settings import Settings, as_environment
from gitinsight.simulator import serve
from warehouse import jobs, repositories
from warehouse.engine import Engine, make_engine
from warehouse.expectations import gate
from warehouse.jobs import Job
from warehouse.migrate import migrate

NAME = "orchestration"
_ISSUE = 7
_REPOSITORY = "synthetic-labs/aurora"
_LATENCY_SECONDS = 4.5
"""Of each answer of GitHub: an analysis takes about a minute then."""
_SHORT_LATENCY_SECONDS = 0.1
"""One that is cancelled takes a tenth of that: a hundred fit into a quarter of an hour."""
_ROUNDS = 3
_POLL_SECONDS = 0.1
_WITHIN = timedelta(seconds=10)
_MOST_SECONDS = 600
_TRIES = 100


@dataclass(frozen=True, slots=True)
class Place:
    """The running stack, and an empty database beside its own."""

    settings: Settings
    engine: Engine
    direct: Settings


def measure_overhead() -> Iterator[Figure]:
    with _place(_LATENCY_SECONDS) as place:
        _orchestrated(place)  # what is compiled and imported once is there from here on
        _directly(place)
        ours, direct = [], []
        for _ in range(_ROUNDS):
            direct.append(_directly(place))
            ours.append(_orchestrated(place))
        base = statistics.median(direct)
        yield Figure(
            NAME, NAME, _ISSUE, "of the time of the steps, for being orchestrated",
            [one / base - 1 for one in ours], Target("value", "<=", 0.1), is_cost=True,
        )  # fmt: skip
        yield Figure(
            f"{NAME}-seconds", NAME, _ISSUE, "seconds of an analysis through Prefect", ours,
            Target("ratio", ">=", 0.9), is_cost=True,
            baseline=Baseline("steps called directly", "the same code", base),
        )  # fmt: skip


def measure_cancel() -> Iterator[Figure]:
    chance = random.Random(7)  # noqa: S311 - reproducible, not secret
    with _place(_SHORT_LATENCY_SECONDS) as place:
        _orchestrated(place)  # what is compiled and imported once is there from here on
        whole = _orchestrated(place)
        took = [_cancelled(place, chance.uniform(0, whole)) for _ in range(_TRIES)]
    in_time = sum(one <= _WITHIN.total_seconds() for one in took) / len(took)
    yield Figure(
        f"{NAME}-cancel", "cancel", _ISSUE,
        f"of {len(took)} cancels at random moments done within {_WITHIN.total_seconds():.0f} s",
        [in_time], Target("value", ">=", 0.99), is_cost=False,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-cancel-seconds", "cancel", _ISSUE, "seconds from a cancel to the end of the job",
        took, Target("value", "<=", _WITHIN.total_seconds()), is_cost=True,
    )  # fmt: skip


def main() -> None:
    """One direct analysis of this process; its seconds."""
    gate.prepare()  # a run of Prefect is a fork of what has imported it, too
    settings = Settings()
    engine = make_engine(settings.warehouse_url, process="bench")
    job = _enqueue(settings, engine)
    work_off(settings, engine, [job.job_id])
    print(json.dumps({"seconds": _seconds(engine, job)}), flush=True)
    engine.dispose()


@contextmanager
def _place(latency_seconds: float) -> Iterator[Place]:
    """GitHub takes so long for each answer."""
    with (
        tempfile.TemporaryDirectory(prefix="gitinsight-bench-") as name,
        serve.serving(git_dir=Path(name) / "git") as github,
    ):
        directory = Path(name)
        directory.chmod(0o711)
        told = Settings.model_validate(
            {
                "state_dir": directory / "state",
                "github": {
                    "api_url": github.url, "clone_url": github.clone_url, "tokens": "a-token",
                    "requests_per_minute": 0, "queries_per_minute": 0, "seconds_per_minute": 0,
                    "graphql_seconds_per_minute": 0,
                },
                "warehouse": {"port": free_port(0)}, "redis": {"port": free_port(0)},
                "api": {"port": free_port(0)}, "orchestrator": {"port": free_port(0)},
                "embeddings": {"seconds": 0},
            }
        )  # fmt: skip
        with stack.running(told, with_simulator=False) as up:
            engine = make_engine(up.settings.warehouse_url, process="bench")
            if up.embedded is None:
                raise measure.Failed("the stack has no PostgreSQL of its own")
            url = up.embedded.ensure_database("direct")
            direct = up.settings.model_copy(
                update={
                    "warehouse": up.settings.warehouse.model_copy(update={"url": SecretStr(url)})
                }
            )
            beside = make_engine(url, process="migrate")
            migrate(beside)
            beside.dispose()
            slow = {"latency": latency_seconds}
            httpx2.post(f"{github.url}/_control", json=slow).raise_for_status()
            try:
                yield Place(up.settings, engine, direct)
            finally:
                engine.dispose()


def _directly(place: Place) -> float:
    done = measure.run(
        [sys.executable, "-m", "benchmarks.orchestration"], env=as_environment(place.direct),
        directory=Path(__file__).parents[1], timeout_seconds=_MOST_SECONDS,
    )  # fmt: skip
    return float(done.last_line["seconds"])


def _orchestrated(place: Place) -> float:
    job = _enqueue(place.settings, place.engine)
    _wait(place.engine, job)
    return _seconds(place.engine, job)


def _cancelled(place: Place, after: float) -> float:
    """Seconds from the wish to the end; a job that was done before has taken none."""
    job = _enqueue(place.settings, place.engine)
    time.sleep(after)
    asked_at = clock.now()
    with place.engine.begin() as connection:
        jobs.request_cancel(connection, job.job_id, at=asked_at)
    ended = _wait(place.engine, job)
    return max(0.0, ((ended.finished_at or clock.now()) - asked_at).total_seconds())


def _enqueue(settings: Settings, engine: Engine) -> Job:
    ask = partial(targets.ask, settings=settings)
    target = targets.parse(_REPOSITORY, settings)
    repository, _ = repositories.follow(engine, target, ask, at=clock.now())
    with engine.begin() as connection:
        job, _ = jobs.enqueue(
            connection, repository.repository_id, at=clock.now(), is_full=True, reason="bench"
        )
    return job


def _wait(engine: Engine, job: Job) -> Job:
    deadline = time.monotonic() + _MOST_SECONDS
    while True:
        with engine.begin() as connection:
            held = jobs.by_id(connection, job.job_id)
        if held.state in jobs.FINAL:
            return held
        if time.monotonic() > deadline:
            raise measure.Failed(f"the job is {held.state} after {_MOST_SECONDS} s")
        time.sleep(_POLL_SECONDS)


def _seconds(engine: Engine, job: Job) -> float:
    with engine.begin() as connection:
        ended = jobs.by_id(connection, job.job_id)
    if ended.state != "succeeded" or ended.finished_at is None:
        raise measure.Failed(f"the analysis is {ended.state}: {ended.error_detail}")
    return (ended.finished_at - ended.requested_at).total_seconds()


if __name__ == "__main__":
    main()
