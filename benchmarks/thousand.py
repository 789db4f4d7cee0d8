"""A thousand small repositories and a giant, brought up to date by two workers of the running
stack: how long it takes, what it costs, how long they wait, and what the giant does to the others.

All are made up (`gitinsight.simulator`). They are read for the first time, which is more work than
any refresh. What the giant does is measured on a few of them: refreshed in full by themselves, and
again while the giant is asked for before them.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from benchmarks import fleet
from benchmarks import measure as program
from benchmarks.figures import Figure, Target
from flows import stack
from gitinsight import clock
from gitinsight.runtime.process import free_port
from gitinsight.settings import Settings
from gitinsight.simulator import serve
from gitinsight.simulator.records import ORGANISATION
from gitinsight.simulator.serve import Simulated
from warehouse import jobs, repositories
from warehouse.engine import Engine, make_engine
from warehouse.jobs import Job
from warehouse.repositories import Repository

NAME = "thousand"
_ISSUE = 7
_SMALL, _GIANT = "small", "giant"
_COUNT = 1_000
_CONVERSATIONS, _OF_THE_GIANT = 3, 600
_BESIDE = 24
"""So many small ones are asked for with and without the giant."""
_GIANT_RECORDS = 5_000
_TOKENS = ",".join(f"token-{number}" for number in range(6))
"""First readings take some 21,000 requests, and each of these may make 5,000 an hour."""
_WORKERS = 2
_MOST_SECONDS = 7_200


def measure() -> Iterator[Figure]:
    sizes = {f"{_SMALL}-{number:04}": _CONVERSATIONS for number in range(_COUNT)}
    with (
        tempfile.TemporaryDirectory(prefix="gitinsight-bench-") as name,
        serve.serving(git_dir=Path(name) / "git", sizes=sizes | {_GIANT: _OF_THE_GIANT}) as github,
    ):
        directory = Path(name)
        directory.chmod(0o711)  # PostgreSQL may have to run as somebody else
        settings = _settings(github, directory / "state")
        with stack.running(settings, with_simulator=False) as up:
            environment = stack.environment_of(up.settings)
            up.supervisor.start(stack.worker(up.settings, environment, name="second"))
            engine = make_engine(up.settings.warehouse_url, process="bench")
            yield from _all(up.settings, engine, github)
            yield _beside(engine)
            engine.dispose()


def _all(settings: Settings, engine: Engine, github: Simulated) -> Iterator[Figure]:
    github.simulator.statistics.start()
    started = time.perf_counter()
    fleet.follow(settings, engine, ORGANISATION)
    with engine.begin() as connection:
        (giant,) = repositories.search(connection, f"/{_GIANT}", limit=1)
        repositories.record_estimate(connection, giant.repository_id, _GIANT_RECORDS)
        asked = [one.job_id for one in jobs.recent(connection, limit=_COUNT + 1)]
    done = _ended(engine, asked)
    seconds = time.perf_counter() - started
    cost = github.simulator.statistics.shown()["charged"]
    of = f"{_COUNT:,} repositories and a giant, {_WORKERS} workers"
    yield Figure(
        NAME, NAME, _ISSUE, f"minutes, {of}", [seconds / 60], Target("value", "<=", 30),
        is_cost=True,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-cost", NAME, _ISSUE, f"requests and points a repository, {of}",
        [cost / len(done)], Target("value", "<=", 60), is_cost=True,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-queue", NAME, _ISSUE, f"of the whole time, longest wait in the queue, {of}",
        [max(_waits(done)) / seconds], Target("value", "<=", 1), is_cost=True,
    )  # fmt: skip


def _beside(engine: Engine) -> Figure:
    """Each small one from being asked for to its end, beside itself without the giant."""
    with engine.begin() as connection:
        few = repositories.search(connection, f"{_SMALL}-", limit=_BESIDE)
        giant = repositories.search(connection, f"/{_GIANT}", limit=1)
    alone = statistics.mean(_seconds(_asked(engine, few)))
    beside = statistics.mean(_seconds(_asked(engine, [*giant, *few])[1:]))
    return Figure(
        f"{NAME}-giant", NAME, _ISSUE,
        f"later is a small repository done that was asked for after a giant, {_BESIDE} of them",
        [beside / alone - 1], Target("value", "<=", 0.1), is_cost=True,
    )  # fmt: skip


def _asked(engine: Engine, wanted: Sequence[Repository]) -> list[Job]:
    """Analyses in full, all asked for at once; in the order in which they are named."""
    with engine.begin() as connection:
        asked = [
            jobs.enqueue(
                connection, one.repository_id, at=clock.now(), is_full=True, reason="bench"
            )[0]
            for one in wanted
        ]
    return _ended(engine, [one.job_id for one in asked])


def _ended(engine: Engine, job_ids: Sequence[UUID]) -> list[Job]:
    """Failed where one of them does not end well, or not in time."""
    fleet.wait(engine, most_seconds=_MOST_SECONDS)
    with engine.begin() as connection:
        done = [jobs.by_id(connection, one) for one in job_ids]
    if bad := [one for one in done if one.state not in {"succeeded", "partial"}]:
        raise program.Failed(f"{len(bad)} failed, one by {bad[0].error_detail}")
    return done


def _waits(done: Sequence[Job]) -> Iterator[float]:
    """Seconds in the queue."""
    for one in done:
        yield ((one.started_at or one.requested_at) - one.requested_at).total_seconds()


def _seconds(done: Sequence[Job]) -> Iterator[float]:
    """From being asked for to the end."""
    for one in done:
        yield ((one.finished_at or one.requested_at) - one.requested_at) / timedelta(seconds=1)


def _settings(github: Simulated, state_dir: Path) -> Settings:
    return Settings.model_validate({
        "state_dir": state_dir, "log_level": "WARNING", "embeddings": {"seconds": 0},
        "github": {
            "api_url": github.url, "clone_url": github.clone_url, "tokens": _TOKENS,
            "requests_per_minute": 0, "queries_per_minute": 0, "seconds_per_minute": 0,
            "graphql_seconds_per_minute": 0,
        },
        **{one: {"port": free_port(0)} for one in ("warehouse", "redis", "api")},
        "orchestrator": {"port": free_port(0), "giant_records": _GIANT_RECORDS},
    })  # fmt: skip
