"""The exposures of the dbt project name who reads a mart: routes, commands, queries and checks."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import httpx2
import pytest
import typer.main
import yaml

from api.app import create_app
from flows.cli import app
from gitinsight.settings import Settings
from tests.conftest import serving_api
from tests.support.checkout import ROOT
from tests.support.rows import add_repository
from warehouse.engine import Engine, driver

PROJECT = ROOT / "dbt" / "models"
_REFERENCE = re.compile(r"ref\('(\w+)'\)")
GIVEN = {
    "repository_id": "1", "organisation_id": "1", "metric": "commits_count",
    "insight": "bus_factor", "metric_id": "bus-factor", "preview_id": "1",
    "owner": "octo", "name": "app",
    "job_id": "5f0c1d6e-7f0e-4c53-9d7c-0a4f7b9f2f11",
}  # fmt: skip
_ENDLESS = "/events"


def _documents(pattern: str, key: str) -> dict[str, dict[str, Any]]:
    found = [
        one
        for path in PROJECT.glob(pattern)
        for one in yaml.safe_load(path.read_text("utf-8")).get(key, [])
    ]
    return {one["name"]: one for one in found}


_TIMES = count()
EXPOSURES = _documents("exposures.yml", "exposures")
MARTS = _documents("marts/*.yml", "models")


def told(name: str) -> set[str]:
    """What an exposure says that it reads."""
    return set(_REFERENCE.findall(" ".join(EXPOSURES[name]["depends_on"])))


@pytest.fixture
def shown(warehouse: Engine) -> Engine:
    """Every mart as its contract has it, empty, and a repository."""
    add_repository(warehouse, "octo/app")
    with warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute("create schema if not exists marts")
        raw.execute("create schema hidden")
        for name, mart in MARTS.items():
            columns = ", ".join(f"{one['name']} {one['data_type']}" for one in mart["columns"])
            key = ", ".join(mart["constraints"][0]["columns"])
            raw.execute(f"create table marts.{name} ({columns}, primary key ({key}))".encode())
    return warehouse


def test_a_route_reads_the_marts_that_its_exposure_names(shown: Engine, database_url: str) -> None:
    settings = Settings.model_validate({"warehouse": {"url": database_url}})
    documented = create_app(settings, warehouse_url=database_url, admin_key=None).openapi()["paths"]
    paths = [
        path
        for path, operations in documented.items()
        if "get" in operations and path.startswith("/api/v1") and not path.endswith(_ENDLESS)
    ]
    declared = {
        route: told(name)
        for name, one in EXPOSURES.items()
        for route in one.get("config", {}).get("meta", {}).get("routes", ())
    }

    with serving_api(settings) as address, httpx2.Client(base_url=address, timeout=30) as client:
        before = {path: _answer(client, path) for path in paths}
        with _hidden(shown, *MARTS):
            readers = [path for path in paths if _answer(client, path) != before[path]]
        found: dict[str, set[str]] = {path: set() for path in readers}
        for mart in MARTS:
            before = {path: _answer(client, path, mart) for path in readers}
            with _hidden(shown, mart):
                for path in readers:
                    if _answer(client, path, mart) != before[path]:
                        found[path].add(mart)

    assert found == declared


def test_the_command_line_reads_every_mart() -> None:
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    named = {
        command
        for one in EXPOSURES.values()
        for command in one.get("config", {}).get("meta", {}).get("commands", ())
    }

    assert told("command_line") == MARTS.keys()
    assert named <= commands


def test_the_cookbook_reads_what_its_exposure_names() -> None:
    text = (ROOT / "docs" / "cookbook.md").read_text("utf-8")

    assert told("cookbook") == set(re.findall(r"\bmarts\.(\w+)", text))


def test_the_checks_read_what_their_exposure_names() -> None:
    code = "".join(
        path.read_text("utf-8") for path in (ROOT / "warehouse" / "expectations").glob("*.py")
    )
    named = set(re.findall(r'"(\w+)"|(?:marts|candidate)\.(\w+)', code))

    assert told("data_docs") == {one or other for one, other in named} & MARTS.keys()


def test_the_insights_read_what_their_exposure_names() -> None:
    text = (ROOT / "warehouse" / "insights.py").read_text("utf-8")

    assert told("insights") == set(re.findall(r"\bintermediate\.(int_\w+)", text))


def test_every_exposure_says_who_answers_for_it_and_where_it_is() -> None:
    for one in EXPOSURES.values():
        assert one["owner"]["name"]
        assert one["url"]
        assert one["description"]


def _answer(client: httpx2.Client, path: str, mart: str = "contributor") -> tuple[int, str]:
    # An answer is kept by what was asked for, word for word.
    answer = client.get(path.format(**GIVEN, mart=mart), params={"asked": next(_TIMES)})
    return answer.status_code, re.sub(r'"request_id":"[^"]*"', "", answer.text)


@contextmanager
def _hidden(warehouse: Engine, *marts: str) -> Iterator[None]:
    _move(warehouse, marts, "marts", "hidden")
    yield
    _move(warehouse, marts, "hidden", "marts")


def _move(warehouse: Engine, marts: Iterable[str], source: str, target: str) -> None:
    with warehouse.begin() as connection:
        for mart in marts:
            connection.exec_driver_sql(f"alter table {source}.{mart} set schema {target}")
