"""dbt that stays loaded: builds of several databases, of a project that changes, and hanging up."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from flows import dbt_server
from flows.dbt_server import PROJECT, DbtServer
from flows.steps.transform import environment
from gitinsight.errors import BrokenEnvironment
from tests.support.analyses import rows
from tests.support.waiting import wait_for
from warehouse.engine import Engine, address

ONE = ["run", "--select", "stg_github__labels"]
ASK = """
import os, sys
from pathlib import Path
from flows import dbt_server
words = ["run", "--select", "stg_sleeper"]
project, target = map(Path, sys.argv[1:])
dbt_server.run(words, os.environ, project=project, target=target, tell=print)
"""
OWN = """
import time
from flows.dbt_server import DbtServer
one = DbtServer()
print(one.address, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[DbtServer]:
    """As a worker has it."""
    running = DbtServer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(dbt_server.ADDRESS, running.address)
        yield running
    running.close()
    assert not Path(running.address).exists()


@pytest.fixture
def where(warehouse: Engine) -> Mapping[str, str]:
    return environment(address(warehouse))


def run(
    words: list[str], where: Mapping[str, str], target: Path, project: Path = PROJECT
) -> tuple[list[dbt_server.Result], list[dbt_server.Event]]:
    told: list[dbt_server.Event] = []
    found = dbt_server.run(words, where, project=project, target=target, tell=told.append)
    return found, told


def test_a_build_is_of_the_database_that_it_is_asked_for(
    where: Mapping[str, str], warehouse: Engine, tmp_path: Path
) -> None:
    for _ in range(2):
        found, told = run(ONE, where, tmp_path)

    assert [(one["name"], one["status"]) for one in found] == [("stg_github__labels", "success")]
    assert told == [{"name": "stg_github__labels", "index": 1, "total": 1}]
    assert rows(warehouse, "select count(*) from staging.stg_github__labels") == [(0,)]


def test_schemas_of_another_prefix_are_read_anew(
    where: Mapping[str, str], warehouse: Engine, tmp_path: Path
) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "create schema other_raw; create table other_raw.github_labels (like raw.github_labels)"
        )

    run(ONE, {**where, "GITINSIGHT_DBT_SCHEMA_PREFIX": "other_"}, tmp_path)

    assert rows(warehouse, "select count(*) from other_staging.stg_github__labels") == [(0,)]


def test_what_dbt_cannot_do_is_said(where: Mapping[str, str], tmp_path: Path) -> None:
    with pytest.raises(BrokenEnvironment, match="No such option"):
        run(["run", "--no-such-option"], where, tmp_path)


def test_a_project_that_changes_is_read_again(
    where: Mapping[str, str], warehouse: Engine, tmp_path: Path
) -> None:
    """Another project than the server's is read by the build itself."""
    project = tmp_path / "dbt"
    shutil.copytree(PROJECT, project)
    read = dbt_server._Project(project)  # noqa: SLF001 - a server would hold it
    before = read.manifest()
    assert read.manifest() is before
    (project / "models" / "staging" / "stg_new.sql").write_text("select 1 as one")

    after = read.manifest()
    found, _ = run(["run", "--select", "stg_new"], where, tmp_path / "target", project)

    assert "model.gitinsight.stg_new" in after.nodes
    assert "model.gitinsight.stg_new" not in before.nodes
    assert [one["status"] for one in found] == ["success"]


def test_a_build_ends_when_whoever_asked_hangs_up(
    where: Mapping[str, str], warehouse: Engine, tmp_path: Path
) -> None:
    project = tmp_path / "dbt"
    shutil.copytree(PROJECT, project)
    sleeper = project / "models" / "staging" / "stg_sleeper.sql"
    sleeper.write_text("{{ config(materialized='table') }} select pg_sleep(60)::text as slept")
    asker = subprocess.Popen(
        [
            sys.executable, "-c", ASK, str(project), str(tmp_path / "target"),
        ],
        env={**where, dbt_server.ADDRESS: os.environ[dbt_server.ADDRESS]},
    )  # fmt: skip
    sleeping = (
        "select count(*) from pg_stat_activity"
        " where query like '%slept%' and application_name = 'gitinsight-dbt'"
    )
    wait_for(lambda: rows(warehouse, sleeping)[0][0] == 1, seconds=60)

    asker.send_signal(signal.SIGKILL)
    asker.wait()

    wait_for(lambda: _builds(tmp_path / "target") == [], seconds=10)


def _builds(target: Path) -> list[int]:
    """Processes that have a file of this build open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            held = [str(one.readlink()) for one in (process / "fd").iterdir()]
        except OSError:
            continue
        if any(one.startswith(str(target)) for one in held):
            found.append(int(process.name))
    return found


def test_where_the_server_of_the_worker_is_gone_another_one_starts(
    where: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(dbt_server.ADDRESS, str(tmp_path / "nobody"))

    found, _ = run(ONE, where, tmp_path)

    assert [one["status"] for one in found] == ["success"]


def test_a_server_ends_with_its_owner(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [
            sys.executable, "-c", OWN,
        ],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with owner:
        assert owner.stdout is not None
        place = Path(owner.stdout.readline().strip())
        assert place.exists()

        owner.send_signal(signal.SIGKILL)

    wait_for(lambda: not place.parent.exists(), seconds=60)
