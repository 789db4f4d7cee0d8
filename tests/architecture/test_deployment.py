"""The files that deploy the product name things that are there."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitinsight.settings import Settings
from tests.support.checkout import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
OURS = [name for name, one in COMPOSE["services"].items() if "build" in one]


@pytest.mark.parametrize("service", OURS)
def test_a_service_of_ours_runs_something_that_exists(service: str) -> None:
    program, *arguments = COMPOSE["services"][service]["command"]

    assert Path(sys.executable).with_name(program).exists()
    if arguments[0] == "-m":
        assert find_spec(arguments[1]) is not None


@pytest.mark.parametrize("service", OURS)
def test_a_service_of_ours_is_told_settings_that_exist(service: str) -> None:
    told = COMPOSE["services"][service]["environment"]
    fields = {name.upper() for name in Settings.model_fields}

    ours = {name for name in told if name.startswith("GITINSIGHT_")}
    assert {name.removeprefix("GITINSIGHT_").split("__")[0] for name in ours} <= fields


def test_every_dependency_between_services_is_a_service() -> None:
    services = COMPOSE["services"]

    named = {other for one in services.values() for other in one.get("depends_on", {})}
    assert named <= services.keys()


def test_no_port_is_open_to_the_world() -> None:
    ports = [port for one in COMPOSE["services"].values() for port in one.get("ports", [])]

    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_image_copies_only_what_is_there() -> None:
    copied = [
        word
        for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]

    assert [word for word in copied if not (ROOT / word).exists()] == []
