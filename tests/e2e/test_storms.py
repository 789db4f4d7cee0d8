"""Storms of faults over an extraction: nothing is lost and nothing doubled, whatever the seed."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gitinsight.runtime import state
from gitinsight.runtime.process import free_port
from gitinsight.settings import Settings
from gitinsight.simulator import serve
from tests.support.analyses import count, rows, with_gaps
from tests.support.github import GitHub
from tests.support.storm_plan import SLOW, Storm
from tests.support.storms import Server, Weather
from warehouse.engine import Engine, make_engine
from warehouse.migrate import migrate

_SEEDS = [
    *(1, 2, 3),
    *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 101)),
]
_QUIET_ANALYSES = 6
_ON_ITS_WAY = timedelta(seconds=0.3)


@pytest.fixture(scope="module")
def server(shared_dir: Path) -> Iterator[Server]:
    """Its own, to be struck down, and with commits that last."""
    home = shared_dir / "storms"
    state.prepare(home)
    server = Server(home, free_port(0))
    engine = make_engine(server.server.ensure_database("calm"), process="test")
    migrate(engine)
    engine.dispose()
    yield server
    server.stop()


@pytest.fixture
def weather(server: Server, shared_dir: Path, state_dir: Path) -> Iterator[Weather]:
    git_dir = shared_dir / "storm.git"
    shutil.rmtree(git_dir, ignore_errors=True)
    with (
        serve.serving(git_dir=git_dir) as served,
        GitHub(served.url) as github,
        server.database("calm") as url,
    ):
        settings = Settings.model_validate(
            {
                "state_dir": state_dir, "warehouse": {"url": url}, "log_level": "info",
                "github": {
                    "api_url": served.url, "clone_url": served.clone_url,
                    "tokens": "first-token,second-token", "wait_seconds": 3,
                    "timeout_seconds": 1, "requests_per_minute": 0, "queries_per_minute": 0,
                    "seconds_per_minute": 0, "graphql_seconds_per_minute": 0,
                },
            }
        )  # fmt: skip
        engine = make_engine(url, process="test")
        weather = Weather(settings, engine, github, served.simulator, server)
        weather.follow()
        yield weather
        weather.stop()
        engine.dispose()


@pytest.mark.parametrize("seed", _SEEDS)
def test_nothing_is_lost_and_nothing_doubled(weather: Weather, seed: int) -> None:
    storm = Storm.of(seed)
    weather.strike(storm)

    analyses = 0
    while True:
        job, analyses = weather.analyse(), analyses + 1
        differing = weather.differences()
        if job.state == "succeeded" and not differing:
            break
        is_told = job.state != "succeeded" or storm.operations & SLOW
        assert is_told, f"it is said to be whole, and is not: {differing}"
        assert analyses < _QUIET_ANALYSES, f"{job.state}, {job.error_detail}: {differing}"
        weather.time_passes()
        weather.a_week_passes()

    _is_settled(weather.warehouse)
    _was_silent_while_blocked(weather, storm)


def _is_settled(warehouse: Engine) -> None:
    told = rows(
        warehouse,
        "select thing, state, upstream_count, held_count, reason from ops.completeness"
        " where state not in ('complete', 'uncounted')",
    )
    assert told == []
    assert rows(
        warehouse,
        "select thing, state from ops.cursors where state ->> 'next' is not null"
        " or state ->> 'after' is not null or jsonb_array_length(state -> 'windows') > 0",
    ) == []  # fmt: skip
    assert count(warehouse, "ops.quarantine where replayed_at is null and kind <> 'original'") == 0
    assert count(warehouse, "ops.jobs where state in ('queued', 'running')") == 0
    assert with_gaps(warehouse) == []


def _was_silent_while_blocked(weather: Weather, storm: Storm) -> None:
    """By the ledger of calls: from the answer that told of a limit to its end, by its principal."""
    limited = rows(
        weather.warehouse,
        "select principal, at + milliseconds * interval '1 ms' from ops.requests"
        " where error = 'RateLimited'",
    )
    for principal, answered in limited:
        until = _end(answered, storm.secondary["secondary_seconds"], weather.passed)
        start = answered + _ON_ITS_WAY
        sent = rows(
            weather.warehouse,
            f"select at, path, status from ops.requests where principal = '{principal}'"
            f" and at > '{start}' and at < '{until}'",
        )
        assert sent == [], f"blocked from {answered} until {until}"


def _end(answered: datetime, seconds: int, passed: list[datetime]) -> datetime:
    later = (one for one in passed if one > answered)
    return min([answered + timedelta(seconds=seconds), *later])
