"""A part of the stack is told what it is, and becomes it."""

import json
import sys
from pathlib import Path

import psycopg
import pytest

from flows.part import PartName, part_of
from gitinsight.settings import Settings, WarehouseSettings
from tests.support.commands import gitinsight, variables

PROGRAMS = Path(sys.executable).parent


@pytest.fixture
def told(settings: Settings) -> Settings:
    """A password that is no part of the URL, as where secrets are files."""
    assert settings.warehouse.url is not None
    url = settings.warehouse.url.get_secret_value()
    head, _, rest = url.partition("://postgres:")
    password, _, place = rest.partition("@")
    parted = {"url": f"{head}://postgres@{place}", "password": password}
    return settings.model_copy(update={"warehouse": WarehouseSettings.model_validate(parted)})


def test_the_api_is_told_where_to_listen(told: Settings) -> None:
    command, environment = part_of(told, "api", host="::1", port=8001)

    assert command == [sys.executable, "-m", "api.serve"]
    assert environment["GITINSIGHT_API__HOST"] == "::1"
    assert environment["GITINSIGHT_API__PORT"] == "8001"


def test_what_is_not_told_is_as_it_is_configured(told: Settings) -> None:
    _, environment = part_of(told, "api", host=None, port=None)

    assert environment["GITINSIGHT_API__PORT"] == str(told.api.port)


def test_a_worker_says_whether_it_is_well(told: Settings) -> None:
    command, environment = part_of(told, "worker", host=None, port=8081)

    assert command == [sys.executable, "-m", "flows.worker"]
    assert environment["PREFECT_API_URL"] == told.orchestrator.url
    assert environment["PREFECT_RUNNER_SERVER_ENABLE"] == "true"
    assert environment["PREFECT_RUNNER_SERVER_PORT"] == "8081"


def test_prefect_has_a_database_of_its_own_and_asks_no_other_server(told: Settings) -> None:
    command, environment = part_of(told, "prefect", host=None, port=4300)

    url = environment["PREFECT_API_DATABASE_CONNECTION_URL"]
    assert url.startswith("postgresql+asyncpg://postgres:")
    assert "PREFECT_API_URL" not in environment
    assert [*command] == [
        str(PROGRAMS / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", "4300",
    ]  # fmt: skip
    with psycopg.connect(url.replace("+asyncpg", "")) as connection:
        assert connection.info.dbname == "prefect"


def test_the_catalogue_keeps_its_records_in_postgresql(told: Settings) -> None:
    command, environment = part_of(told, "catalog", host=None, port=None)

    configured = json.loads((Path(environment["DAGSTER_HOME"]) / "dagster.yaml").read_text("utf-8"))
    assert configured["storage"]["postgres"]["postgres_url"].endswith("/dagster")
    assert configured["telemetry"] == {"enabled": False}
    assert [*command][-1] == "3000"


@pytest.mark.parametrize("part", ["api", "worker", "prefect", "catalog"])
def test_a_part_without_a_warehouse_says_what_is_missing(
    settings: Settings, part: PartName
) -> None:
    done = gitinsight(variables(settings, GITINSIGHT_WAREHOUSE__URL=""), "run", part)

    assert done.returncode == 1
    assert done.stderr.startswith("gitinsight: no warehouse is named; set GITINSIGHT_WAREHOUSE__")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_what_is_no_port_is_refused_before_it_begins(settings: Settings, port: str) -> None:
    done = gitinsight(variables(settings), "run", "api", "--port", port)

    assert done.returncode == 1
    assert done.stderr.startswith("gitinsight: Invalid value for '--port'")
    assert len(done.stderr.splitlines()) == 1
