"""Secrets that are files, and whose word is taken for who asks."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gitinsight.deployment_settings import GatewaySettings, WarehouseSettings, secrets_in
from gitinsight.errors import BrokenEnvironment
from gitinsight.settings import Settings, explain

HELD = {
    "GITINSIGHT_WAREHOUSE__PASSWORD": "p/w d\n",
    "GITINSIGHT_GITHUB__TOKENS": "one,two\n",
    "GITINSIGHT_REDIS__URL": "\n",
    "postgres_password": "of another program",
}


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in HELD.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("GITINSIGHT_SECRETS_DIR", str(tmp_path))
    return tmp_path


def test_a_file_is_the_setting_that_it_is_named_as(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITINSIGHT_WAREHOUSE__URL", "postgresql://u@h:5432/d")

    settings = Settings()

    assert [one.get_secret_value() for one in settings.tokens] == ["one", "two"]
    assert settings.warehouse_url == "postgresql://u:p%2Fw%20d@h:5432/d"
    assert settings.redis.url is None


def test_what_is_set_comes_before_what_a_file_says(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITINSIGHT_GITHUB__TOKENS", "three")

    assert [one.get_secret_value() for one in Settings().tokens] == ["three"]


@pytest.mark.parametrize("name", ["GITINSIGHT_WAREHOUSE__URL", "GITINSIGHT_REDIS__URL"])
def test_what_is_no_address_of_a_server_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "127.0.0.1:5432")

    with pytest.raises(ValidationError, match="an address begins with"):
        Settings()


def test_a_file_that_names_no_setting_is_refused(secrets: Path) -> None:
    (secrets / "GITINSIGHT_GITHUB__TOKEN").write_text("misspelt")

    with pytest.raises(ValidationError, match="token"):
        Settings()


def test_explain_says_that_it_was_a_file_and_not_what_it_holds(secrets: Path) -> None:
    rows = {row["setting"]: row for row in explain(Settings())}

    assert rows["GITINSIGHT_GITHUB__TOKENS"]["source"] == "file"
    assert rows["GITINSIGHT_API__PORT"]["source"] == "default"
    assert "one" not in str(rows["GITINSIGHT_GITHUB__TOKENS"])


def test_secrets_as_kubernetes_mounts_them_are_read(tmp_path: Path) -> None:
    """Each is a link to a file in a directory that a link points to, too."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "GITINSIGHT_REDIS__URL").write_text("redis://h")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "GITINSIGHT_REDIS__URL").symlink_to("..data/GITINSIGHT_REDIS__URL")

    assert secrets_in(tmp_path, "GITINSIGHT_") == {"redis": {"url": "redis://h"}}


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BrokenEnvironment, match="unset GITINSIGHT_SECRETS_DIR"):
        secrets_in(tmp_path / "none", "GITINSIGHT_")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://u:own@h/d", "postgresql://u:own@h/d"),
        ("postgresql://u@h/d?sslmode=require", "postgresql://u:pw@h/d?sslmode=require"),
        ("postgresql:///d", "postgresql:///d"),
        (None, None),
    ],
)
def test_a_password_goes_where_a_url_has_none(url: str | None, address: str | None) -> None:
    told = WarehouseSettings.model_validate({"url": url, "password": "pw"})

    assert told.address == address


def test_only_addresses_and_networks_are_trusted() -> None:
    assert GatewaySettings.model_validate({"trusted_proxies": "10.0.0.0/8, ::1"}).trusted_proxies
    with pytest.raises(ValidationError):
        GatewaySettings.model_validate({"trusted_proxies": "gateway"})
