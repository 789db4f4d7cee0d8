"""The API as a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import make_url
from uvicorn import Config

from api.serve import Server
from gitinsight.runtime import state
from gitinsight.runtime.process import free_port
from tests.support import server_sent
from tests.support.cable import Cable
from tests.support.collector import collecting
from tests.support.rows import add_repository, claim
from tests.support.waiting import wait_for
from warehouse.engine import Engine


@contextmanager
def process(
    state_dir: Path, url: str, **told: str
) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """It, and where its log is."""
    log = state_dir / "api.log"
    environment = os.environ | {
        "GITINSIGHT_STATE_DIR": str(state_dir), "GITINSIGHT_WAREHOUSE__URL": url, **told,
    }  # fmt: skip
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "api.serve"], env=environment, stderr=output
        )
    try:
        yield child, log
    finally:
        child.kill()
        child.wait()


def test_it_serves_says_what_goes_wrong_and_ends_its_streams_when_it_is_told_to_stop(
    state_dir: Path, database_url: str, warehouse: Engine
) -> None:
    port = free_port(0)
    job = claim(warehouse, add_repository(warehouse))
    with (
        process(state_dir, database_url, GITINSIGHT_API__PORT=str(port)) as (child, log),
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
    ):
        wait_for(lambda: _is_up(client))
        key = {"authorization": f"Bearer {state.admin_key(state_dir)}"}
        assert client.post(f"/api/v1/jobs/{job.job_id}/cancel", headers=key).status_code == 202

        with warehouse.begin() as connection:
            connection.exec_driver_sql("alter table ops.repositories rename to hidden")
        problem = client.get("/api/v1/repositories").json()
        assert problem["status"] == 500
        told = wait_for(lambda: _exceptions(log))
        assert problem["request_id"] in {line["request_id"] for line in told}

        with warehouse.begin() as connection:
            connection.exec_driver_sql("alter table ops.hidden rename to repositories")
        with server_sent.stream(client, f"/api/v1/jobs/{job.job_id}/events") as messages:
            assert next(messages).id == 1
            child.send_signal(signal.SIGTERM)
            asked_at = time.monotonic()
            list(messages)
        child.wait(10)

    assert time.monotonic() - asked_at < 2.5, "it waited for the stream to end by itself"
    assert child.returncode in {0, -signal.SIGTERM}


def test_it_starts_before_its_warehouse_does(state_dir: Path) -> None:
    port = free_port(0)
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port(0)}/none"
    with (
        process(state_dir, nowhere, GITINSIGHT_API__PORT=str(port)),
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
    ):
        wait_for(lambda: _is_up(client))

        assert client.get("/health/ready").status_code == 503


def test_told_to_reload_it_is_a_new_program_and_nobody_is_refused(
    state_dir: Path, database_url: str
) -> None:
    port = free_port(0)
    with process(state_dir, database_url, GITINSIGHT_API__PORT=str(port)) as (child, _):
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            wait_for(lambda: _is_up(client))
        command = Path(f"/proc/{child.pid}/cmdline")
        before = command.read_bytes()
        child.send_signal(signal.SIGHUP)
        found = []
        while command.read_bytes() == before:
            found.append(httpx2.get(f"http://127.0.0.1:{port}/health/live", timeout=20))
        found.append(httpx2.get(f"http://127.0.0.1:{port}/health/live", timeout=20))

        assert {one.status_code for one in found} == {200}
        assert child.poll() is None


def test_told_to_stop_it_does_not_begin_anew_for_being_told_to_reload_as_well() -> None:
    server = Server(Config("api.app:create_app"))
    server.should_exit = True

    server.reload()

    assert not server.is_to_begin_anew


@pytest.mark.parametrize("count", [1, 2])
def test_told_to_stop_it_ends_although_its_warehouse_does_not_answer(
    state_dir: Path, database_url: str, count: int
) -> None:
    port = free_port(0)
    told = {"GITINSIGHT_API__PORT": str(port), "GITINSIGHT_API__WORKERS": str(count)}
    behind = make_url(database_url)
    with Cable(behind.port or 5432) as cable:
        url = behind.set(port=cable.port).render_as_string(hide_password=False)
        with (
            process(state_dir, url, **told) as (child, _),
            httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
        ):
            wait_for(lambda: _is_up(client))
            assert client.get("/api/v1/repositories").status_code == 200
            cable.cut()
            with suppress(httpx2.TransportError):
                client.get("/api/v1/repositories", timeout=1)
            child.send_signal(signal.SIGTERM)
            asked_at = time.monotonic()
            child.wait(20)

    assert time.monotonic() - asked_at < 14


def test_the_last_spans_are_sent_when_it_is_told_to_stop(
    state_dir: Path, database_url: str
) -> None:
    port = free_port(0)
    with collecting() as collector:
        told = {
            "GITINSIGHT_API__PORT": str(port), "GITINSIGHT_TRACING__ENDPOINT": collector.url,
        }  # fmt: skip
        with (
            process(state_dir, database_url, **told) as (child, _),
            httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
        ):
            wait_for(lambda: _is_up(client))
            client.get("/api/v1/repositories")
            child.send_signal(signal.SIGTERM)
            child.wait(10)

        assert collector.named("GET /api/v1/repositories").service == "gitinsight-api"


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"GITINSIGHT_API__HOST": "0.0.0.0"}, "would be open to everybody on 0.0.0.0"),  # noqa: S104
        ({"GITINSIGHT_WAREHOUSE__URL": ""}, "no warehouse is named"),
    ],
)
def test_what_it_cannot_start_with_is_said(
    state_dir: Path, told: dict[str, str], problem: str
) -> None:
    with process(state_dir, "postgresql://nobody@127.0.0.1:1/none", **told) as (child, log):
        child.wait(20)

    assert child.returncode == 1
    (said,) = log.read_text("utf-8").splitlines()
    assert problem in said


@pytest.mark.parametrize("count", [1, 2])
def test_a_port_that_is_taken_is_named(state_dir: Path, count: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = {"GITINSIGHT_API__PORT": port, "GITINSIGHT_API__WORKERS": str(count)}
        with process(state_dir, "postgresql://nobody@127.0.0.1:1/none", **told) as (child, log):
            child.wait(20)

    assert child.returncode == 1
    (said,) = log.read_text("utf-8").splitlines()
    assert f"cannot listen on 127.0.0.1, port {port}: Address already in use" in said


def _is_up(client: httpx2.Client) -> bool:
    try:
        return client.get("/health/live").is_success
    except httpx2.TransportError:
        return False


def _exceptions(log: Path) -> list[dict[str, str]]:
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return [line for line in lines if "exception" in line]
