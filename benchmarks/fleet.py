"""A fleet: what it takes to find out that nothing has changed in a thousand repositories, and to
bring those up to date that have changed, by two workers of the running stack.

All are clones of one recorded repository, each with a name and ids of its own. Analyses go through
Prefect, a process each; they are two at once, as many as this machine has cores.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import httpx2

from benchmarks import measure as program
from benchmarks import replay, worker
from benchmarks.figures import Figure, Target
from benchmarks.replay import Replay
from flows import stack
from flows.changes import queue_changed
from flows.organisations import discover
from gitinsight import clock, targets
from gitinsight.runtime.process import free_port
from gitinsight.settings import Settings
from warehouse import jobs, organisations, repositories
from warehouse.engine import Engine, driver, make_engine
from warehouse.migrate import migrate
from warehouse.repositories import Repository

NAME = "fleet"
_ISSUE = 7
_CLONED = "quicwg/ops-drafts"
_FLEET = 1_000
_REFRESHED = 12
_AT_ONCE = 2
_MOST_SECONDS = 3_000
_POLL_SECONDS = 0.5
_PUBLISHED = """
update ops.jobs set state = 'succeeded', finished_at = now();
insert into ops.publications
    (repository_id, publication, job_id, as_of, published_at, quality_status, coverage)
select repository_id, 1, job_id, now(), now(), 'passed', '{}' from ops.jobs;
"""


_HELD = "select pg_database_size(current_database())"


def measure() -> Iterator[Figure]:
    yield from _polled()
    yield from _refreshed()


def _polled() -> Iterator[Figure]:
    """Nothing is analysed: the fleet is taken for published, which is all that a poll looks at."""
    with replay.serving("--scale", f"{_CLONED}:{_FLEET}") as server, worker.place() as place:
        settings = _settings(server, place.directory, warehouse={"url": place.database("fleet")})
        engine = make_engine(settings.warehouse_url, process="bench")
        migrate(engine)
        fleet = _followed(settings, engine)[:_FLEET]
        with engine.begin() as connection:
            driver(connection).execute(_PUBLISHED)
        server.begin()
        started = time.perf_counter()
        queued = queue_changed(settings, engine, fleet)
        seconds = time.perf_counter() - started
        charged = server.charged().total
        engine.dispose()
    if queued:
        raise program.Failed(f"{queued} of {len(fleet)} are said to have changed")
    yield Figure(
        f"{NAME}-poll", NAME, _ISSUE, f"seconds, {len(fleet):,} repositories without news",
        [seconds], Target("value", "<=", 60), is_cost=True,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-poll-cost", NAME, _ISSUE, f"points, {len(fleet):,} repositories without news",
        [charged], Target("value", "<=", 40), is_cost=True,
    )  # fmt: skip


def _refreshed() -> Iterator[Figure]:
    with (
        replay.serving("--scale", f"{_CLONED}:{_REFRESHED}") as server,
        tempfile.TemporaryDirectory(prefix="gitinsight-bench-") as name,
    ):
        directory = Path(name)
        directory.chmod(0o711)  # PostgreSQL may have to run as somebody else
        settings = _settings(
            server, directory / "state",
            **{one: {"port": free_port(0)} for one in ("warehouse", "redis", "api")},
            orchestrator={"port": free_port(0), "concurrency": _AT_ONCE},
        )  # fmt: skip
        with stack.running(settings, with_simulator=False) as up:
            engine = make_engine(up.settings.warehouse_url, process="bench")
            fleet = _followed(up.settings, engine)
            wait(engine)
            change = {"mutate": {"op": "new_issue", "repo": _CLONED}}
            httpx2.post(f"{server.url}/_control", json=change, timeout=60).raise_for_status()
            server.begin()
            started, began = time.perf_counter(), clock.now()
            queued = queue_changed(up.settings, engine, fleet)
            wait(engine)
            seconds, charged = time.perf_counter() - started, server.charged().total
            with engine.begin() as connection:
                (held,) = driver(connection).execute(_HELD).fetchone() or (0,)
                done = [
                    one
                    for one in jobs.recent(connection, limit=2 * queued)
                    if one.requested_at >= began
                ]
            engine.dispose()
    failed = [one for one in done if one.state not in {"succeeded", "partial"}]
    if failed or len(done) != queued:
        raise program.Failed(f"{len(done)} of {queued} are done, and {len(failed)} failed")
    waited = [one.started_at - one.requested_at for one in done if one.started_at]
    yield from _told(queued, seconds, charged, waited)
    yield Figure(
        f"{NAME}-held", NAME, _ISSUE, f"MiB of PostgreSQL a clone of {_CLONED}",
        [held / (1 << 20) / len(fleet)], Target("value", "<=", 50), is_cost=True,
    )  # fmt: skip


def _told(
    count: int, seconds: float, charged: int, waited: Sequence[timedelta]
) -> Iterator[Figure]:
    of = f"{count} repositories with a new issue each, {_AT_ONCE} at once"
    yield Figure(
        f"{NAME}-refresh", NAME, _ISSUE, f"repositories a minute, {of}", [count / seconds * 60],
        Target("value", ">=", 10), is_cost=False,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-refresh-cost", NAME, _ISSUE, f"requests and points a repository, {of}",
        [charged / count], Target("value", "<=", 25), is_cost=True,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-refresh-queue", NAME, _ISSUE, f"of the whole time, median wait in the queue, {of}",
        [statistics.median(one.total_seconds() for one in waited) / seconds],
        Target("value", "<=", 0.6), is_cost=True,
    )  # fmt: skip


def _settings(server: Replay, state_dir: Path, **more: object) -> Settings:
    return Settings.model_validate({
        "state_dir": state_dir, "log_level": "WARNING", "embeddings": {"seconds": 0},
        "github": {
            "api_url": server.url, "clone_url": server.url + "/{owner}/{name}.git",
            "tokens": "a-token", "requests_per_minute": 0, "queries_per_minute": 0,
            "seconds_per_minute": 0, "graphql_seconds_per_minute": 0,
        },
        **more,
    })  # fmt: skip


def _followed(settings: Settings, engine: Engine) -> list[Repository]:
    """The clones, by the listing of their owner, each queued."""
    follow(settings, engine, _CLONED.partition("/")[0])
    with engine.begin() as connection:
        return repositories.search(connection, f"{_CLONED}-", limit=2 * _FLEET)


def follow(settings: Settings, engine: Engine, login: str) -> None:
    """All repositories of an organisation, each of which is queued."""
    account = targets.parse_login(login, settings)
    found = targets.ask_account(account, settings)
    with engine.begin() as connection:
        organisation, _ = organisations.add(
            connection, host=account.host, github_id=found.id, login=found.login, kind=found.type,
            at=clock.now(),
        )  # fmt: skip
    discover(settings, engine, organisation)


def wait(engine: Engine, *, most_seconds: float = _MOST_SECONDS) -> None:
    """Until no job is left; Failed where that takes longer."""
    deadline = time.monotonic() + most_seconds
    query = "select count(*) from ops.jobs where state in ('queued', 'running')"
    while True:
        with engine.connect() as connection:
            left = connection.exec_driver_sql(query).scalar()
        if not left:
            return
        if time.monotonic() > deadline:
            raise program.Failed(f"{left} jobs are not done after {most_seconds:.0f} s")
        time.sleep(_POLL_SECONDS)
