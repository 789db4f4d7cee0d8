"""The API under load while something is done to it: what it stands on goes away, its processes are
killed, replaced and stopped.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from gitinsight.runtime import postgres, process, valkey
from gitinsight.runtime.process import free_port
from tests.support.load import Load, Outcome
from tests.support.marts import publish_figures
from tests.support.rows import add_repository, claim
from tests.support.waiting import wait_for
from warehouse.engine import Engine, driver, make_engine
from warehouse.migrate import migrate

_SUMMARY = "/api/v1/fast/repositories/1/summary"
_ROWS = "/api/v1/marts/daily_activity/rows?repository_id=1"
_RECOVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    parent: "subprocess.Popen[bytes]"

    @property
    def workers(self) -> set[int]:
        return {one.pid for one in psutil.Process(self.parent.pid).children()}


@contextmanager
def serving(state_dir: Path, database_url: str, **told: str) -> Iterator[Served]:
    """Two processes at one address."""
    port = free_port(0)
    environment = os.environ | {
        "GITINSIGHT_STATE_DIR": str(state_dir), "GITINSIGHT_WAREHOUSE__URL": database_url,
        "GITINSIGHT_API__PORT": str(port), "GITINSIGHT_API__WORKERS": "2",
        "GITINSIGHT_LOG_LEVEL": "ERROR", **told,
    }  # fmt: skip
    parent = subprocess.Popen([sys.executable, "-m", "api.serve"], env=environment)
    served = Served(f"http://127.0.0.1:{port}", parent)
    try:
        wait_for(lambda: is_up(served.url), seconds=150)
        yield served
    finally:
        parent.terminate()
        parent.wait(30)


def is_up(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health/live").is_success
    except httpx2.TransportError:
        return False


def fill(url: str) -> Engine:
    engine = make_engine(url, process="test")
    migrate(engine)
    publish_figures(engine, claim(engine, add_repository(engine)))
    return engine


@pytest.fixture
def filled(warehouse: Engine) -> Engine:
    publish_figures(warehouse, claim(warehouse, add_repository(warehouse)))
    return warehouse


def bodies(url: str) -> dict[str, bytes]:
    return {
        path: httpx2.get(f"{url}{path}").raise_for_status().content for path in (_SUMMARY, _ROWS)
    }


def wrong(outcomes: list[Outcome], right: dict[str, bytes]) -> list[Outcome]:
    return [one for one in outcomes if one.status == 200 and one.body != right[one.path]]


def test_a_restart_of_postgresql_is_told_as_such_and_over_in_five_seconds(state_dir: Path) -> None:
    port = free_port(0)
    with ExitStack() as stack, ExitStack() as first:
        server = first.enter_context(postgres.running(state_dir, port=port, durable=False))
        url = server.ensure_database("faults")
        fill(url).dispose()
        served = stack.enter_context(serving(state_dir, url))
        right = bodies(served.url)
        with Load(served.url, [_SUMMARY, _ROWS]) as load:
            time.sleep(1)
            first.close()
            time.sleep(1.5)
            stack.enter_context(postgres.running(state_dir, port=port, durable=False))
            back_at = time.monotonic()
            time.sleep(_RECOVERY_SECONDS + 3)

        assert {one.status for one in load.outcomes} == {200, 503}
        assert {one.retry_after for one in load.outcomes if one.status == 503} == {"5"}
        assert wrong(load.outcomes, right) == []
        late = load.since(back_at + _RECOVERY_SECONDS)
        assert len(late) > 50
        assert {one.status for one in late} == {200}
        wait_for(lambda: _is_trusted(served.url))


def _is_trusted(url: str) -> bool:
    """The lane gives ids of another shape."""
    return len(httpx2.get(f"{url}{_SUMMARY}").headers["x-request-id"]) == 20


def test_one_process_that_is_killed_costs_what_it_was_answering_and_no_more(
    state_dir: Path, database_url: str, filled: Engine
) -> None:
    with serving(state_dir, database_url) as served:
        right, before = bodies(served.url), served.workers
        with Load(served.url, [_SUMMARY, _ROWS]) as load:
            time.sleep(1)
            killed_at = time.monotonic()
            os.kill(min(before), signal.SIGKILL)
            wait_for(lambda: len(served.workers - before) == 1, seconds=_RECOVERY_SECONDS)
            time.sleep(3)

    assert {one.status for one in load.outcomes} <= {200, None}
    assert wrong(load.outcomes, right) == []
    cut = [one for one in load.outcomes if one.status is None]
    assert len(cut) <= 6, "one request of each asker"
    assert all(one.asked_at < killed_at + 1 for one in cut)


@pytest.mark.parametrize("per_connection", [1, 1_000])
def test_processes_are_replaced_without_anybody_noticing(
    state_dir: Path, database_url: str, filled: Engine, per_connection: int
) -> None:
    with serving(state_dir, database_url) as served:
        right, before = bodies(served.url), served.workers
        with Load(served.url, [_SUMMARY, _ROWS], per_connection=per_connection) as load:
            time.sleep(0.5)
            served.parent.send_signal(signal.SIGHUP)
            wait_for(lambda: not before & served.workers, seconds=150)
            time.sleep(1)

        assert len(served.workers) == 2
    assert {one.status for one in load.outcomes} == {200}
    assert wrong(load.outcomes, right) == []


def test_who_is_being_answered_is_answered_and_who_listens_is_told_to_come_back(
    state_dir: Path, database_url: str, filled: Engine
) -> None:
    answers: list[int] = []
    with serving(state_dir, database_url) as served:
        socket = connect(f"ws{served.url[4:]}/api/v1/stream/repository/1/updates?after=1000")
        with filled.begin() as connection:
            driver(connection).execute("lock marts.daily_activity in access exclusive mode")
            asking = threading.Thread(
                target=lambda: answers.append(httpx2.get(f"{served.url}{_ROWS}").status_code)
            )
            asking.start()
            wait_for(lambda: _is_waiting(filled))
            served.parent.terminate()
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=10)
            time.sleep(1)
        asking.join()
        served.parent.wait(10)

    assert answers == [200]
    assert socket.close_code == 1012
    assert served.parent.returncode == 0


def _is_waiting(engine: Engine) -> bool:
    with engine.begin() as connection:
        found = driver(connection).execute("select 1 from pg_locks where not granted").fetchone()
        return found is not None


def test_redis_may_go_and_come_under_load(
    state_dir: Path, database_url: str, filled: Engine
) -> None:
    found = valkey.service(state_dir, port=free_port(0))
    if found is None:
        pytest.skip("no Valkey here")
    service, redis_url = found
    with ExitStack() as stack:
        log = stack.enter_context((state_dir / "valkey.log").open("wb"))
        redis = process.start(service.command, log=log)
        stack.callback(lambda: process.stop(redis, by=signal.SIGKILL, grace_seconds=5))
        assert service.ready is not None
        wait_for(service.ready)
        served = stack.enter_context(
            serving(state_dir, database_url, GITINSIGHT_REDIS__URL=redis_url)
        )
        with Load(served.url, [_SUMMARY]) as load:
            count = _publish(filled, 500)
            redis.kill()
            redis.wait()
            for _ in range(3):
                count = _publish(filled, count)
            wait_for(lambda: metric(served.url, "gitinsight_redis_away") == 2)
            redis = process.start(service.command, log=log)
            wait_for(lambda: metric(served.url, "gitinsight_redis_away") == 0)
            for _ in range(3):
                count = _publish(filled, count)
            published_at = time.monotonic()
            time.sleep(2)

        assert {one.status for one in load.outcomes} == {200}
        assert _shown(load.since(published_at + 1)) == {count}
        assert _shown(load.outcomes) <= {479, *range(500, count + 1)}
        assert metric(served.url, "gitinsight_redis_failures_total") >= 2


def _publish(engine: Engine, count: int) -> int:
    """The next figure, and it."""
    with engine.begin() as connection:
        raw = driver(connection)
        raw.execute("update marts.repository_summary set issues_count = %s", (count + 1,))
        raw.execute("update ops.publications set publication = publication + 1")
    time.sleep(0.5)
    return count + 1


def _shown(outcomes: list[Outcome]) -> set[int]:
    return {json.loads(one.body)["data"]["issues_count"] for one in outcomes}


def metric(url: str, name: str) -> float:
    families = text_string_to_metric_families(httpx2.get(f"{url}/metrics").text)
    return next(one.value for family in families for one in family.samples if one.name == name)
