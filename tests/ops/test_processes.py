"""Every command of ours in the compose file runs as a process until its health check passes.

PostgreSQL and Valkey are those of the wheels, names of services are addresses of this machine, and
secrets are the files that `ops/secrets.sh` makes.
"""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
import redis

from gitinsight.runtime import state, valkey
from gitinsight.runtime.healthy import is_healthy
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.runtime.process import free_port
from gitinsight.runtime.supervisor import Service, Supervisor
from tests.support import compose
from tests.support.checkout import ROOT
from tests.support.databases import copy_of
from tests.support.rows import value
from warehouse.engine import make_engine

pytestmark = [pytest.mark.timeout(420), pytest.mark.slow]

SERVICES: dict[str, dict[str, Any]] = compose.read({})["services"]
ORDER = (("redis",), ("prefect", "api"), ("worker",))
"""What is started together, once what it depends on is ready."""
OURS = [name for group in ORDER[1:] for name in group]
SLOW = "catalog"
"""Dagster takes longer to begin than all the others."""
_START_SECONDS = 240.0


class Containers:
    """What Docker would make of the services, on this machine."""

    def __init__(self, home: Path, server: EmbeddedPostgres, url: str) -> None:
        self.home = home
        self.ports = {name: free_port(0) for name in SERVICES}
        self._names = {
            "postgres@postgres:5432/gitinsight": url.partition("://")[2].replace(
                f":{server.password}@", "@"
            ),
            "redis:6379": f"127.0.0.1:{self.ports['redis']}",
            "prefect:4200": f"127.0.0.1:{self.ports['prefect']}",
            "0.0.0.0": "127.0.0.1",  # noqa: S104 - what listens in a container does not here
        }
        self._secrets = home / "secrets"
        subprocess.run([ROOT / "ops" / "secrets.sh", self._secrets], check=True)
        password = self._secrets / "postgres_password"
        password.chmod(0o600)
        password.write_text(server.password)

    def command(self, name: str) -> list[str]:
        program, *arguments = [self._here(name, word) for word in SERVICES[name]["command"]]
        return [str(Path(sys.executable).with_name(program)), *arguments]

    def health(self, name: str) -> list[str]:
        _, python, *arguments = SERVICES[name]["healthcheck"]["test"]
        assert python == "python"
        return [sys.executable, *(self._here(name, word) for word in arguments)]

    def environment(self, name: str) -> dict[str, str]:
        directory = self.home / name
        state.prepare(directory)
        (directory / "secrets").mkdir(exist_ok=True)
        for one in SERVICES[name]["secrets"]:
            (directory / "secrets" / one["target"]).symlink_to(self._secrets / one["source"])
        told = SERVICES[name]["environment"].items()
        return {
            **{variable: self._here(name, str(value)) for variable, value in told},
            "GITINSIGHT_SECRETS_DIR": str(directory / "secrets"),
            "GITINSIGHT_STATE_DIR": str(directory), "HOME": str(directory),
            "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT),
        }  # fmt: skip

    def _here(self, name: str, word: str) -> str:
        for there, here in self._names.items():
            word = word.replace(there, here)
        inside = {"prefect": "4200", "api": "8000", "catalog": "3000", "worker": "8080"}.get(name)
        return word.replace(inside, str(self.ports[name])) if inside else word

    def service(self, name: str) -> Service:
        url = self.health(name)[-1]
        return Service(
            name, self.command(name), self.environment(name), partial(is_healthy, url),
            start_seconds=_START_SECONDS,
        )  # fmt: skip

    def redis(self) -> Service:
        """The same server from its wheel, told the same and where to listen."""
        found = valkey.service(self.home, port=self.ports["redis"])
        assert found is not None
        program = str(found[0].command[0])
        _, *arguments = SERVICES["redis"]["command"]
        port = self.ports["redis"]
        listening = ["--port", str(port), "--bind", "127.0.0.1"]
        return Service("redis", [program, *arguments, *listening], ready=partial(_answers, port))


def _answers(port: int) -> bool:
    try:
        with redis.Redis(port=port) as connection:
            return bool(connection.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture(scope="module")
def containers(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Containers]:
    home = tmp_path_factory.mktemp("containers")
    state.prepare(home)
    with copy_of(postgres_server, "template1") as url:
        made = Containers(home, postgres_server, url)
        supervisor = Supervisor(home)
        try:
            migrated = subprocess.run(
                made.command("migrate"), env=made.environment("migrate"), check=False,
                capture_output=True, text=True, timeout=_START_SECONDS,
            )  # fmt: skip
            assert migrated.returncode == 0, migrated.stderr
            engine = make_engine(url, process="test")
            assert value(engine, "select to_regclass('ops.jobs') is not null")
            engine.dispose()
            for group in ORDER:
                supervisor.start(
                    *(made.redis() if name == "redis" else made.service(name) for name in group)
                )
            yield made
        finally:
            supervisor.stop()


@pytest.mark.parametrize("service", OURS)
def test_the_health_check_of_a_service_passes(containers: Containers, service: str) -> None:
    done = subprocess.run(containers.health(service), check=False, timeout=30)

    assert done.returncode == 0


def test_the_health_check_of_the_catalogue_passes(containers: Containers) -> None:
    supervisor = Supervisor(containers.home)
    try:
        supervisor.start(containers.service(SLOW))
        done = subprocess.run(containers.health(SLOW), check=False, timeout=30)
    finally:
        supervisor.stop()

    assert done.returncode == 0


def test_the_parts_have_found_each_other(containers: Containers) -> None:
    """The API knows Redis, and the worker serves its flows to this Prefect."""
    prefect = f"http://127.0.0.1:{containers.ports['prefect']}/api"
    served = httpx2.get(f"{prefect}/deployments/name/analyze-repository/served", timeout=20)

    assert served.json()["status"] == "READY"
    with redis.Redis(port=containers.ports["redis"]) as connection:
        assert connection.client_list()


def test_prefects_page_asks_where_browsers_reach_it(containers: Containers) -> None:
    url = f"http://127.0.0.1:{containers.ports['prefect']}"

    assert httpx2.get(f"{url}/ui-settings", timeout=20).json()["api_url"] == f"{url}/api"


def test_nobody_reads_the_api_without_a_key(containers: Containers) -> None:
    url = f"http://127.0.0.1:{containers.ports['api']}/api/v1/repositories"

    assert httpx2.get(url, timeout=20).status_code == 401


def test_every_service_of_ours_is_one_of_these() -> None:
    built = {name for name, one in SERVICES.items() if "build" in one}

    assert built == {*OURS, SLOW, "migrate", "tests"}
