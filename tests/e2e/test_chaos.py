"""Anything dies at any moment under a running stack: every job ends, and ends in the truth."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gitinsight import clock
from gitinsight.runtime import postgres
from gitinsight.settings import Settings
from gitinsight.simulator import serve
from gitinsight.simulator.state import Simulator
from tests.support import storm_truth
from tests.support.analyses import analyse, rows, with_gaps
from tests.support.cable import Cable
from tests.support.chaos import Chaos, Striking
from tests.support.fingerprints import fingerprint
from tests.support.github import GitHub
from tests.support.stack import Running, up
from tests.support.waiting import wait_for
from warehouse import dirty, jobs
from warehouse.engine import UNREACHABLE, Engine, make_engine
from warehouse.jobs import FINAL, Job
from warehouse.migrate import migrate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
NAMES = ["synthetic-labs/aurora", "synthetic-labs/borealis"]
_SEEDS = range(1, 51)
_END_SECONDS = 240
_AGREED_SECONDS = 90
_SEEN_MEANWHILE = {
    "insights.code_blobs", "insights.code_files", "insights.code_files_history",
    "insights.code_looks", "insights.code_snapshots", "insights.code_snapshots_history",
    "insights.text_tone", "marts.code_quality",
}  # fmt: skip
"""What a text said before it was edited, and what lay where before a commit, a force push or under
a tag that was moved: whoever comes later cannot see it any more."""
_LYING = """
select repository_id, month, path, blob_id, kind, is_test from insights.code_files
order by repository_id, month, path
"""
_UNLIMITED = {
    "requests_per_minute": 0, "queries_per_minute": 0, "seconds_per_minute": 0,
    "graphql_seconds_per_minute": 0, "timeout_seconds": 2, "wait_seconds": 3,
}  # fmt: skip


@dataclass
class Place:
    """``as_of``: one day for all analyses, so that their figures can be compared."""

    running: Running
    striking: Striking
    github: GitHub
    simulator: Simulator
    warehouse: Engine
    as_of: datetime

    @property
    def addresses(self) -> dict[str, str]:
        """GitHub's, at the end of the cable."""
        url = self.striking.cable.url
        return {"api_url": url, "clone_url": f"{url}/{{owner}}/{{name}}.git"}

    def enqueue(self, *, is_full: bool, thing: str = "labels") -> list[Job]:
        """Every list is asked what has changed, as after a webhook: a poll of what seems unchanged
        asks one of them in turn.
        """
        with self.warehouse.begin() as connection:
            known = rows(self.warehouse, "select repository_id from ops.repositories order by 1")
            for (repository_id,) in known:
                marks = [(thing, dirty.ALL)]
                dirty.mark(connection, repository_id, marks, reason="test", at=clock.now())
            return [
                jobs.enqueue(
                    connection, repository_id, is_full=is_full, as_of=self.as_of, at=clock.now()
                )[0]
                for (repository_id,) in known
            ]

    def ended(self, asked: list[Job]) -> list[Job]:
        """When all are in a final state, every limit and every pause being over at once."""
        found: list[Job] = []

        def are_ended() -> bool:
            nonlocal found
            try:
                with self.warehouse.begin() as connection:
                    connection.exec_driver_sql("update ops.jobs set not_before = null")
                    connection.exec_driver_sql("truncate ops.principals, ops.buckets")
                    found = [jobs.by_id(connection, one.job_id) for one in asked]
            except UNREACHABLE:
                return False
            return all(one.state in FINAL for one in found)

        wait_for(are_ended, seconds=_END_SECONDS)
        return found

    def differences(self, job: Job) -> dict[str, Any]:
        [(full_name,)] = rows(
            self.warehouse,
            f"select full_name from ops.repositories where repository_id = {job.repository_id}",
        )
        name = full_name.partition("/")[2]
        return storm_truth.differences(self.simulator, name, self.warehouse)


@pytest.fixture(scope="module")
def place(shared_dir: Path) -> Iterator[Place]:
    home = shared_dir / "chaos"
    with ExitStack() as stack:
        served = stack.enter_context(serve.serving(git_dir=shared_dir / "chaos-git"))
        github = stack.enter_context(GitHub(served.url))
        cable = stack.enter_context(Cable(int(served.url.rpartition(":")[2])))
        served.simulator.base_url = cable.url
        for name in NAMES:
            github.change(name, "finish_run")
        told = {
            "api_url": cable.url, "clone_url": f"{cable.url}/{{owner}}/{{name}}.git", **_UNLIMITED
        }  # fmt: skip
        running = stack.enter_context(up(home, *NAMES, github=told, lease=3))
        server = postgres.find(home)
        assert server is not None
        warehouse = make_engine(server.url(), process="test")
        stack.callback(warehouse.dispose)
        striking = Striking(running, github, cable, server.url())
        yield Place(running, striking, github, served.simulator, warehouse, _later(clock.now()))


def _later(at: datetime) -> datetime:
    """Than all that is told here, and in the same month: whoever was not there in the month before
    knows nothing of its code.
    """
    tomorrow = at + timedelta(days=1)
    if tomorrow.month == at.month:
        return tomorrow
    return at.replace(hour=23, minute=59, second=59)


@pytest.mark.parametrize("seed", _SEEDS)
def test_every_job_ends_in_the_truth(place: Place, seed: int) -> None:
    chaos = Chaos.of(seed, repositories=len(NAMES))
    asked = place.enqueue(is_full=chaos.is_full)

    place.striking.strike(chaos, NAMES)

    ended = place.ended(asked)
    assert all(one.state == "succeeded" or one.error_detail or one.outcome for one in ended)
    again = place.ended(place.enqueue(is_full=False))
    assert [(one.state, one.error_detail) for one in again] == [("succeeded", None)] * len(NAMES)
    assert [place.differences(one) for one in again] == [{}, {}]
    assert with_gaps(place.warehouse) == []
    wait_for(lambda: _undecided(place.running) == [], seconds=_AGREED_SECONDS)
    wait_for(
        lambda: all(
            _run_state(place.running, job) in _ALIKE[job.state] for job in [*ended, *again]
        ),
        seconds=_AGREED_SECONDS,
    )


_ALIKE = {
    "succeeded": {"COMPLETED"}, "partial": {"COMPLETED"}, "failed": {"FAILED", "CRASHED"},
    "cancelled": {"CANCELLED"},
}  # fmt: skip


def _undecided(running: Running) -> list[str]:
    """Runs of analyses that Prefect holds for being on their way."""
    found = httpx2.post(
        f"{running.prefect}/api/flow_runs/filter",
        json={
            "flows": {"name": {"any_": ["analyze-repository"]}},
            "flow_runs": {"state": {"type": {"any_": ["RUNNING", "PENDING", "CANCELLING"]}}},
        },
        timeout=30,
    ).raise_for_status()
    return [one["name"] for one in found.json()]


def _run_state(running: Running, job: Job) -> str:
    url = f"{running.prefect}/api/flow_runs/{job.flow_run_id}"
    found: str = httpx2.get(url, timeout=30).raise_for_status().json()["state_type"]
    return found


def test_figures_are_those_of_an_undisturbed_run(
    place: Place, shared_dir: Path, tmp_path: Path
) -> None:
    """After all of it: beside a warehouse that has read the same GitHub in peace."""
    server = postgres.find(place.running.state_dir)
    assert server is not None
    url = server.ensure_database("undisturbed")
    settings = Settings.model_validate({
        "state_dir": tmp_path, "warehouse": {"url": url},
        "github": {**place.addresses, "tokens": "a-token", **_UNLIMITED},
    })  # fmt: skip
    place.github.control(calm=True)
    # As of that day, whether or not anything was struck, and however soon it is over.
    place.ended(place.enqueue(is_full=False, thing=dirty.FIGURES))
    undisturbed = make_engine(url, process="test")
    migrate(undisturbed)
    for name in NAMES:
        assert analyse(settings, undisturbed, name, as_of=place.as_of).state == "succeeded"

    both = (place.warehouse, undisturbed)
    ours, theirs = (fingerprint(one, "marts", "insights") for one in both)
    lying, lying_there = (rows(one, _LYING) for one in both)

    undisturbed.dispose()
    assert lying == lying_there
    assert {table for table in ours if ours[table] != theirs[table]} <= _SEEN_MEANWHILE
