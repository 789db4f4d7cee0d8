"""The command that removes a repository, and the one that lists what was removed."""

import io
import json
from collections.abc import Iterator
from uuid import UUID

import pytest

from flows import remove
from gitinsight import clock
from gitinsight.settings import Settings
from tests.flows.conftest import Gitinsight
from tests.support import filled
from tests.support.analyses import count, enqueue, rows
from warehouse import jobs, removal, workers
from warehouse.engine import Engine, make_engine

NAME = "synthetic-labs/borealis"


@pytest.fixture
def held(analysed: Settings) -> Iterator[Engine]:
    engine = make_engine(analysed.warehouse_url, process="test")
    yield engine
    engine.dispose()


@pytest.fixture
def running(analysed: Settings, held: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job of it that does not end for now."""
    monkeypatch.setattr(remove, "_STOPS_WITHIN_SECONDS", 0.0)
    job = enqueue(analysed, held, NAME)
    with held.begin() as connection:
        jobs.claim(connection, job.job_id, worker="other", at=clock.now(), lease_seconds=60)


def test_it_erases_everything_without_a_worker(
    gitinsight: Gitinsight, analysed: Settings, held: Engine
) -> None:
    mirror = analysed.state_dir / "mirrors" / "1.git"
    mirror.mkdir(parents=True)

    code, out, _ = gitinsight("remove", NAME, "--dry-run", "--json")
    told = {one["table"]: one["rows"] for one in json.loads(out)}
    assert (code, count(held, "ops.repositories"), mirror.exists()) == (0, 1, True)
    assert told.keys() >= {"raw.github_issues", "marts.repository_summary", "ops.repositories"}

    code, out, err = gitinsight("remove", NAME.upper(), "--yes", "--json")

    [done] = json.loads(out)
    assert (code, err) == (0, "")
    assert (done["full_name"], done["rows_count"]) == (NAME, sum(told.values()))
    assert filled.of(held, 1) == {}
    assert not mirror.exists()


def test_whoever_does_not_say_yes_removes_nothing(
    gitinsight: Gitinsight, held: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    code, _, _ = gitinsight("remove", NAME)
    assert (code, count(held, "ops.repositories")) == (130, 1)

    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    code, out, _ = gitinsight("remove", NAME)
    assert (code, count(held, "ops.repositories")) == (0, 0)
    assert out.strip().startswith(f"nothing is left of {NAME}: ")


@pytest.mark.usefixtures("running")
def test_while_a_job_runs_it_says_who_goes_on_and_so_does_the_same_command(
    gitinsight: Gitinsight, held: Engine
) -> None:
    code, _, err = gitinsight("remove", NAME, "--yes")
    assert code == 75
    assert "no worker is up: the next one that starts, or the same command" in err
    code, out, _ = gitinsight("remove", NAME, "--dry-run", "--json")
    left = {one["table"] for one in json.loads(out)}
    assert (code, "raw.git_commits" in left, "ops.repositories" in left) == (0, True, False)
    assert count(held, "raw.git_commits") > 0

    with held.begin() as connection:
        workers.tell(connection, UUID(int=1), host="h", places=1, at=clock.now())
    code, _, err = gitinsight("remove", NAME)
    assert code == 75
    assert "a worker waits for its job to end" in " ".join(err.split())

    with held.begin() as connection:
        connection.exec_driver_sql("update ops.jobs set lease_until = now() - interval '1 second'")
    code, out, _ = gitinsight("remove", NAME)
    assert (code, out.startswith(f"nothing is left of {NAME}: ")) == (0, True)
    assert filled.of(held, 1) == {}


def test_what_was_removed_is_listed(gitinsight: Gitinsight, held: Engine) -> None:
    removal.begin(held, 1, by="user:3", at=clock.now())

    code, out, _ = gitinsight("removals", "--json")

    [listed] = json.loads(out)
    assert (code, listed["repository"], listed["requested_by"]) == (0, NAME, "user:3")
    assert (listed["erased_at"], listed["lifted_at"]) == (None, None)


def test_one_that_is_not_followed_is_not_known(gitinsight: Gitinsight, held: Engine) -> None:
    code, _, err = gitinsight("remove", "nobody/nothing", "--yes")

    assert (code, err) == (1, "gitinsight: nobody/nothing is not known here\n")
    assert rows(held, "select from ops.removals") == []


def test_jobs_are_listed_while_one_is_erased(
    gitinsight: Gitinsight, analysed: Settings, held: Engine
) -> None:
    enqueue(analysed, held, NAME)
    removal.begin(held, 1, by="user:3", at=clock.now())

    code, out, _ = gitinsight("jobs", "--json")

    assert code == 0
    assert [(one["repository"], one["state"]) for one in json.loads(out)] == [
        ("repository 1", "cancelled")
    ]
