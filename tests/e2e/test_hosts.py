"""Workers on several hosts, one of which is cut off, comes back, and is cut off again."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gitinsight.runtime import state
from gitinsight.settings import Settings
from gitinsight.simulator import serve
from tests.support import hosts, storm_truth
from tests.support.analyses import enqueue, rows, with_gaps
from tests.support.commands import variables
from tests.support.github import GitHub
from tests.support.storms import NAME
from tests.support.waiting import wait_for
from warehouse.engine import Engine, make_engine
from warehouse.jobs import Job
from warehouse.migrate import migrate

_NOTICED_SECONDS = 90
"""Half a minute until a host is missed, the lease, and a machine that has other things to do."""
pytestmark = [
    pytest.mark.slow, pytest.mark.timeout(900),
    pytest.mark.allow_hosts(["127.0.0.1", hosts.ADDRESS]),
]  # fmt: skip


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def progress(warehouse: Engine, job: Job) -> tuple[int, int, str]:
    """Attempts, events and state of a job."""
    return rows(
        warehouse,
        "select attempt, (select count(*) from ops.job_events as told"
        f" where told.job_id = jobs.job_id), state from ops.jobs as jobs"
        f" where job_id = '{job.job_id}'",
    )[0]


def test_what_is_cut_off_is_taken_over_and_changes_nothing_when_it_comes_back(
    shared_dir: Path, state_dir: Path, stack: ExitStack
) -> None:
    if reason := hosts.missing():
        pytest.skip(reason)
    home = shared_dir / "hosts"
    state.prepare(home)
    first, second = stack.enter_context(hosts.network("one", "two"))
    url = stack.enter_context(hosts.database(home, "hosts"))
    served = stack.enter_context(
        serve.serving(git_dir=shared_dir / "hosts.git", host=hosts.ADDRESS)
    )
    github = stack.enter_context(GitHub(served.url))
    settings = Settings.model_validate({
        "state_dir": state_dir, "warehouse": {"url": url}, "log_level": "info",
        "github": {
            "api_url": served.url, "clone_url": served.clone_url, "tokens": "a-token",
            "timeout_seconds": 5, "requests_per_minute": 0, "queries_per_minute": 0,
            "seconds_per_minute": 0, "graphql_seconds_per_minute": 0,
        },
    })  # fmt: skip
    environment = variables(settings, GITINSIGHT_ORCHESTRATOR__LEASE_SECONDS="3")
    warehouse = make_engine(url, process="test")
    stack.callback(warehouse.dispose)
    migrate(warehouse)
    github.change(NAME, "finish_run")
    github.control(latency=0.4)
    job = enqueue(settings, warehouse, NAME)

    def work(host: hosts.Host) -> subprocess.Popen[bytes]:
        worker = host.work(str(job.job_id), environment, state_dir / f"{host.name}.log")
        stack.callback(worker.kill)
        return worker

    def wait(is_so: Callable[[int, int, str], bool]) -> None:
        wait_for(lambda: is_so(*progress(warehouse, job)), seconds=_NOTICED_SECONDS)

    cut_off = work(first)
    wait(lambda attempt, events, _state: attempt == 1 and events >= 4)
    first.cut_off()
    other = work(second)
    wait(lambda attempt, events, _state: attempt == 2 and events >= 8)
    first.reconnect()
    other.kill()  # so that the one that came back has it again
    wait(lambda attempt, events, _state: attempt == 3 and events >= 12)
    first.cut_off()
    github.control(latency=0.0)
    last = work(second)
    wait(lambda attempt, _events, state: attempt == 4 and state == "succeeded")
    first.reconnect()

    assert (last.wait(60), cut_off.wait(120)) == (0, 0)
    assert storm_truth.differences(served.simulator, NAME.partition("/")[2], warehouse) == {}
    assert with_gaps(warehouse) == []
    assert progress(warehouse, job)[0] == 4, "whoever came back has begun nothing"
