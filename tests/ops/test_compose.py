"""The files that deploy the product by containers: valid, hardened, and naming what is there."""

import json
import re
import stat
import subprocess
import sys
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from pika.exceptions import AMQPError
from pydantic import SecretStr

from api.hosts import Hosts
from flows.broker import channel
from gitinsight.settings import Settings
from gitinsight.vault import Vault
from tests.support import compose, rabbitmq
from tests.support.checkout import ROOT

NAMES = sorted(path.stem for path in compose.ENVIRONMENTS.glob("*.env"))
COMPOSE = compose.read({})
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, one in SERVICES.items() if "build" in one and name != "tests"]
RUNNING = sorted(SERVICES.keys() - {"tests"})


def schema() -> dict[str, Any]:
    """That of the Compose Specification, as check-jsonschema carries it."""
    place = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    found: dict[str, Any] = json.loads(place.read_text("utf-8"))
    return found


def test_there_is_an_environment_for_each_profile() -> None:
    assert NAMES == ["development", "production", "staging", "test"]
    for name in NAMES:
        assert compose.environment(name)["COMPOSE_PROFILES"] == name
    named = {one for service in SERVICES.values() for one in service.get("profiles", [])}
    assert named == {*NAMES, "broker"}, "a broker is added to any of them"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_as_the_specification_says(name: str) -> None:
    jsonschema.validate(compose.read(compose.environment(name)), schema())


def test_what_the_specification_does_not_know_is_refused() -> None:
    misspelt = compose.read({})
    misspelt["services"]["api"]["helthcheck"] = {}

    with pytest.raises(jsonschema.ValidationError, match="helthcheck"):
        jsonschema.validate(misspelt, schema())


@pytest.mark.parametrize("name", NAMES)
def test_an_environment_sets_nothing_that_nobody_reads(name: str) -> None:
    assert compose.environment(name).keys() <= compose.variables() | {"COMPOSE_PROFILES"}


@pytest.mark.parametrize("name", NAMES)
def test_agents_come_by_the_name_that_people_come_by(name: str) -> None:
    told = compose.read(compose.environment(name))["services"]["api"]["environment"]
    url = urlsplit(told["GITINSIGHT_AUTH__PUBLIC_URL"] or "https://127.0.0.1")

    assert Hosts((told["GITINSIGHT_API__HOSTS"] or "").split(",")).has(url.netloc)


@pytest.mark.parametrize("service", OURS)
def test_a_service_of_ours_runs_something_that_exists(service: str) -> None:
    program, *arguments = SERVICES[service]["command"]

    assert Path(sys.executable).with_name(program).exists()
    if arguments[0] == "-m":
        assert find_spec(arguments[1]) is not None


@pytest.mark.parametrize("service", OURS)
def test_a_service_of_ours_is_told_settings_that_exist(
    service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in SERVICES[service]["environment"].items():
        monkeypatch.setenv(name, "" if value is None else str(value))
    for one in SERVICES[service]["secrets"]:
        address = one["target"].endswith("__URL")
        (tmp_path / one["target"]).write_text("amqp://u:p@broker/" if address else "x")
    monkeypatch.setenv("GITINSIGHT_SECRETS_DIR", str(tmp_path))

    told = Settings()

    assert told.warehouse_url == "postgresql://postgres:x@postgres:5432/gitinsight"


def test_nothing_is_named_that_is_not_there() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= SERVICES.keys()
        assert set(service.get("networks", [])) <= COMPOSE["networks"].keys()
        for one in service.get("secrets", []):
            assert (one if isinstance(one, str) else one["source"]) in COMPOSE["secrets"]
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source[0] == "." else source in COMPOSE["volumes"]
    used = {
        one if isinstance(one, str) else one["source"]
        for service in SERVICES.values()
        for one in service.get("secrets", [])
    }
    assert used == COMPOSE["secrets"].keys()


@pytest.mark.parametrize("service", RUNNING)
def test_a_service_is_hardened_and_watched(service: str) -> None:
    one = SERVICES[service]

    assert one["read_only"]
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["healthcheck"]
    assert service == "migrate" or one["deploy"]["resources"]["limits"]["memory"]


def test_only_the_gateway_is_reached_from_other_machines() -> None:
    production = compose.read(compose.environment("production"))["services"]
    ports = [(name, port) for name, one in production.items() for port in one.get("ports", [])]

    open_to_all = {name for name, port in ports if not port.startswith("127.0.0.1:")}
    assert open_to_all == {"gateway"}
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["data"]


def test_no_secret_is_a_variable() -> None:
    for service in SERVICES.values():
        told = service.get("environment", {})
        assert not [one for one in told if re.search("PASSWORD|TOKEN|SECRET|KEY", one) and not
                    one.endswith(("_FILE", "SECRETS_DIR"))]  # fmt: skip


def test_the_api_trusts_the_network_of_the_gateway_and_no_other() -> None:
    (subnet,) = COMPOSE["networks"]["edge"]["ipam"]["config"]

    told = SERVICES["api"]["environment"]["GITINSIGHT_GATEWAY__TRUSTED_PROXIES"]
    assert told == subnet["subnet"]
    on_edge = {name for name, one in SERVICES.items() if "edge" in one.get("networks", [])}
    assert on_edge == {"api", "gateway", "prometheus"}


def test_the_image_copies_only_what_is_there_and_ends_as_nobody() -> None:
    """What a stage copies from another one is made there, and ignored here."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    copied = [
        word
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()

    assert [word for word in copied if "*" not in word and not (ROOT / word).exists()] == []
    tops = {word.partition("/")[0] for word in copied}
    assert [top for top in tops if f"!{top}" not in ignored] == []
    assert "USER 10001:10001" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)


def test_secrets_are_made_once_and_those_that_are_there_are_kept(tmp_path: Path) -> None:
    script = [str(ROOT / "ops" / "secrets.sh"), str(tmp_path / "secrets")]

    first = subprocess.run(script, check=True, capture_output=True, text=True).stdout
    held = {one.name: one.read_bytes() for one in (tmp_path / "secrets").iterdir()}
    second = subprocess.run(script, check=True, capture_output=True, text=True).stdout

    assert held.keys() == COMPOSE["secrets"].keys()
    assert {one.name: one.read_bytes() for one in (tmp_path / "secrets").iterdir()} == held
    assert (len(first.splitlines()), second) == (10, "")
    assert len(held["postgres_password"].strip()) == 48
    Vault([held["encryption_keys"].decode().strip()]).seal(b"it is a key")
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_the_worker_alone_is_told_of_the_broker_and_by_the_account_that_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = tmp_path / "secrets"
    script = [str(ROOT / "ops" / "secrets.sh"), str(secrets)]
    subprocess.run(script, check=True, capture_output=True)
    told = tmp_path / "told"
    told.mkdir()
    (target,) = (
        one["target"] for one in SERVICES["worker"]["secrets"] if one["source"] == "broker_url"
    )
    (told / target).symlink_to(secrets / "broker_url")
    monkeypatch.setenv("GITINSIGHT_SECRETS_DIR", str(told))

    assert Settings().messages.url is None  # by default nothing is published

    for _ in range(2):
        subprocess.run([*script, "broker"], check=True, capture_output=True)
    url = Settings().messages.url
    account = dict(
        line.split(" = ") for line in (secrets / "broker_account").read_text("utf-8").splitlines()
    )
    assert url is not None
    address = urlsplit(url.get_secret_value())
    assert (address.username, address.password) == (
        account["default_user"], account["default_pass"]
    )  # fmt: skip
    assert (address.hostname, address.port) == ("broker", 5672)
    assert SERVICES["broker"]["hostname"] == "broker"
    assert SERVICES["broker"]["networks"][0] == "data"
    knowing = {
        name for name, one in SERVICES.items() if "broker_url" in str(one.get("secrets", []))
    }
    assert knowing == {"worker"}
    home = tmp_path / "broker"
    home.mkdir()
    text = (secrets / "broker_account").read_text("utf-8")
    with rabbitmq.running(home, account=text) as broker:
        here = url.get_secret_value().replace("broker:5672", f"127.0.0.1:{broker.port}")
        with channel(SecretStr(here), name="test") as opened:
            assert opened.is_open
        with (
            pytest.raises(AMQPError),
            channel(SecretStr(f"amqp://guest:guest@127.0.0.1:{broker.port}/"), name="test"),
        ):
            pass  # the account that everybody knows is none


def test_what_the_broker_holds_outlives_it() -> None:
    """It has files of its own, under a name that stays, and says itself whether it is well."""
    broker = SERVICES["broker"]

    assert broker["volumes"] == ["broker:/var/lib/rabbitmq"]
    assert broker["healthcheck"]["test"] == ["CMD", "rabbitmq-diagnostics", "-q", "ping"]
    assert int(broker["user"].split(":")[0]) > 0
