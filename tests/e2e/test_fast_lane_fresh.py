"""A published summary is shown by every process within a second, whatever else is going on."""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from gitinsight.runtime import supervisor, valkey
from gitinsight.runtime.process import free_port
from tests.support.marts import publish_figures
from tests.support.rows import AT, add_repository, claim
from tests.support.waiting import wait_for
from warehouse import removal
from warehouse.engine import Engine, driver
from warehouse.jobs import Job

_PROCESSES = 4
_READS = 10_000
_READERS = 8
_READS_PER_CONNECTION = 125
"""Another connection may be another process's."""
_LATEST_SECONDS = 1.0


@contextmanager
def serving(state_dir: Path, database_url: str, **told: str) -> Iterator[str]:
    port = free_port(0)
    environment = os.environ | {
        "GITINSIGHT_STATE_DIR": str(state_dir), "GITINSIGHT_WAREHOUSE__URL": database_url,
        "GITINSIGHT_API__PORT": str(port), "GITINSIGHT_API__WORKERS": str(_PROCESSES),
        "GITINSIGHT_LOG_LEVEL": "WARNING", **told,
    }  # fmt: skip
    child = subprocess.Popen([sys.executable, "-m", "api.serve"], env=environment)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait(20)


@pytest.fixture
def redis_url(state_dir: Path) -> Iterator[str]:
    found = valkey.service(state_dir, port=free_port(0))
    if found is None:
        pytest.skip("no Valkey here")
    service, url = found
    watching = supervisor.Supervisor(state_dir)
    watching.start(service)
    yield url
    watching.stop()


@pytest.fixture
def job(warehouse: Engine) -> Job:
    job = claim(warehouse, add_repository(warehouse))
    publish_figures(warehouse, job, issues_count=0)
    return job


class Publishing(threading.Thread):
    """Publishes another summary again and again, and knows when each was there."""

    def __init__(self, warehouse: Engine, job: Job) -> None:
        super().__init__(daemon=True)
        self._warehouse = warehouse
        self._job = job
        self.published_at = {0: time.monotonic()}
        self.end = threading.Event()

    def run(self) -> None:
        drawn = random.Random(3)  # noqa: S311 - the same again each time
        count = 0
        while not self.end.wait(drawn.choice((0.01, 0.2, 0.7, 1.5))):
            count += 1
            with self._warehouse.begin() as connection:
                raw = driver(connection)
                raw.execute("update marts.repository_summary set issues_count = %s", (count,))
                raw.execute("update ops.publications set publication = publication + 1")
            self.published_at[count] = time.monotonic()

    def oldest_allowed(self, asked_at: float) -> int:
        """The summary that has to be shown to whoever asks then, or a later one."""
        old = [
            count
            for count, at in list(self.published_at.items())
            if at < asked_at - _LATEST_SECONDS
        ]
        return max(old, default=0)


def read_all(url: str, path: str, publishing: Publishing) -> tuple[list[str], Counter[str]]:
    """What was too old, and which process answered how often."""
    stale: list[str] = []
    by_process: Counter[str] = Counter()

    def read() -> None:
        for _ in range(_READS // _READERS // _READS_PER_CONNECTION):
            with httpx2.Client(base_url=url, timeout=30) as client:
                for _ in range(_READS_PER_CONNECTION):
                    look(client)

    def look(client: httpx2.Client) -> None:
        asked_at = time.monotonic()
        answer = client.get(path).raise_for_status()
        shown = answer.json()["data"]["issues_count"]
        if shown < publishing.oldest_allowed(asked_at):
            stale.append(f"{shown} at {asked_at}")
        if len(answer.headers["x-request-id"]) == 20:
            by_process[answer.headers["x-request-id"][:8]] += 1

    readers = [threading.Thread(target=read) for _ in range(_READERS)]
    for one in readers:
        one.start()
    for one in readers:
        one.join()
    return stale, by_process


@pytest.mark.parametrize("with_redis", [False, True])
def test_ten_thousand_reads_of_four_processes_never_show_what_is_old(
    state_dir: Path, database_url: str, warehouse: Engine, job: Job, redis_url: str, *,
    with_redis: bool,
) -> None:  # fmt: skip
    path = f"/api/v1/fast/repositories/{job.repository_id}/summary"
    told = {"GITINSIGHT_REDIS__URL": redis_url} if with_redis else {}
    publishing = Publishing(warehouse, job)
    with serving(state_dir, database_url, **told) as url:
        wait_for(lambda: _answers(url), seconds=180)
        publishing.start()
        stale, by_process = read_all(url, path, publishing)
        publishing.end.set()
        publishing.join()

    assert stale == []
    assert len(publishing.published_at) > 3
    assert len(by_process) > 1, "one process has answered everything"
    assert by_process.total() > _READS / 4, "the lane has answered little"


def test_what_is_removed_is_shown_by_no_process_within_a_second(
    state_dir: Path, database_url: str, warehouse: Engine, job: Job, redis_url: str
) -> None:
    path = f"/api/v1/fast/repositories/{job.repository_id}/summary"

    def asked() -> dict[str, int]:
        """Status by process; each connection is one of them."""
        found = {}
        for _ in range(40):
            answer = httpx2.get(f"{url}{path}")
            found[answer.headers["x-request-id"][:8]] = answer.status_code
        return found

    with serving(state_dir, database_url, GITINSIGHT_REDIS__URL=redis_url) as url:
        wait_for(lambda: _answers(url), seconds=180)
        wait_for(lambda: set(asked().values()) == {200} and len(asked()) > 1, seconds=60)
        removal.begin(warehouse, job.repository_id, by="admin", at=AT)
        time.sleep(_LATEST_SECONDS)

        assert set(asked().values()) == {404}
        assert httpx2.get(f"{url}/api/v1/fast/search?q=octo").json()["data"] == []


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health/live").is_success
    except httpx2.TransportError:
        return False
