"""Settings: what is told, what is not, and what is refused."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from gitinsight.errors import BrokenEnvironment
from gitinsight.settings import GitHubSettings, Settings, as_environment, explain


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith("GITINSIGHT_") or name in {"GITHUB_TOKEN", "GH_TOKEN"}:
            monkeypatch.delenv(name)


def secrets(settings: Settings) -> list[str]:
    return [token.get_secret_value() for token in settings.tokens]


def test_nothing_has_to_be_told() -> None:
    settings = Settings()

    assert settings.state_dir == Path.cwd() / ".gitinsight"
    assert settings.github.api_url == "https://api.github.com"
    assert settings.github.graphql == "https://api.github.com/graphql"
    assert (settings.api.host, settings.api.port) == ("127.0.0.1", 8000)
    assert settings.auth.mode == "local"
    assert settings.warehouse.url is None
    assert settings.tokens == ()


def test_a_variable_reaches_the_setting_that_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITINSIGHT_STATE_DIR", "~/elsewhere")
    monkeypatch.setenv("GITINSIGHT_API__PORT", "8001")
    monkeypatch.setenv("GITINSIGHT_LOG_LEVEL", "debug")
    monkeypatch.setenv("GITINSIGHT_WAREHOUSE__URL", "postgresql://u:p@h/d")

    settings = Settings()

    assert settings.state_dir == Path("~/elsewhere").expanduser()
    assert settings.api.port == 8001
    assert settings.log_level == "DEBUG"
    assert settings.warehouse_url == "postgresql://u:p@h/d"


@pytest.mark.parametrize(
    "variable",
    [
        "GITINSIGHT_STATEDIR",
        "GITINSIGHT_GITHUB__TOKEN",
        "GITINSIGHT_GITHUB_TOKENS",
        "GITINSIGHT_GITHUB__TOKENS__FIRST",
        "GITINSIGHT_",
        "GITINSIGHT_REDIS__URI",
    ],
)
def test_a_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "x")

    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GITINSIGHT_API__PORT", "eighty"),
        ("GITINSIGHT_API__PORT", "70000"),
        ("GITINSIGHT_WAREHOUSE__PORT", "-1"),
        ("GITINSIGHT_AUTH__MODE", "open"),
        ("GITINSIGHT_GITHUB__CLONE_URL", "https://git.test/{org}/{name}.git"),
        ("GITINSIGHT_LOG_LEVEL", "chatty"),
        ("GITINSIGHT_QUALITY__REFRESH_HOURS", "1.5"),
    ],
)
def test_a_value_that_is_none_is_refused_with_the_name_of_its_setting(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(ValidationError) as caught:
        Settings()

    place = "__".join(str(part) for part in caught.value.errors()[0]["loc"])
    assert f"GITINSIGHT_{place}".upper() == variable


def test_settings_do_not_change_while_a_process_runs() -> None:
    settings = Settings()

    with pytest.raises(ValidationError):
        settings.log_level = "ERROR"
    with pytest.raises(ValidationError):
        settings.api.port = 1


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITINSIGHT_REDIS__URL", "")
    monkeypatch.setenv("GITINSIGHT_API__PORT", "")
    monkeypatch.setenv("GITHUB_TOKEN", "")
    monkeypatch.setenv("GH_TOKEN", "ghp_other")

    settings = Settings()

    assert settings.redis.url is None
    assert settings.api.port == 8000
    assert secrets(settings) == ["ghp_other"]


@pytest.mark.parametrize("told", ["a,b", " a , b ", "a,,b,"])
def test_tokens_are_split_at_commas(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv("GITINSIGHT_GITHUB__TOKENS", told)

    assert secrets(Settings()) == ["a", "b"]


def test_environments_and_labels_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITINSIGHT_DELIVERY__PRODUCTION_ENVIRONMENTS", "live, Production EU")

    assert Settings().delivery.production_environments == ("live", "Production EU")
    assert Settings().delivery.incident_labels == ("incident", "outage")


def test_sources_of_the_archive_are_split_at_commas_and_one_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Settings().archive.sources == ("https://data.gharchive.org/{hour}.json.gz",)

    monkeypatch.setenv("GITINSIGHT_ARCHIVE__SOURCES", "/data, https://h/{hour}.json.gz")
    assert Settings().archive.sources == ("/data", "https://h/{hour}.json.gz")

    monkeypatch.setenv("GITINSIGHT_ARCHIVE__SOURCES", ",")
    with pytest.raises(ValidationError):
        Settings()


def test_our_own_tokens_come_before_the_one_that_other_tools_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GH_TOKEN", "third")
    assert secrets(Settings()) == ["third"]

    monkeypatch.setenv("GITHUB_TOKEN", "second")
    assert secrets(Settings()) == ["second"]

    monkeypatch.setenv("GITINSIGHT_GITHUB__TOKENS", "first")
    assert secrets(Settings()) == ["first"]


@pytest.mark.parametrize(
    ("api_url", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://api.github.com/", "https://api.github.com/graphql"),
        ("https://ghe.example/api/v3", "https://ghe.example/api/graphql"),
        ("https://ghe.example/api/v3/", "https://ghe.example/api/graphql"),
        ("https://api.corp.ghe.com", "https://api.corp.ghe.com/graphql"),
    ],
)
def test_graphql_is_found_where_each_kind_of_github_has_it(api_url: str, graphql: str) -> None:
    assert GitHubSettings(api_url=api_url).graphql == graphql
    assert GitHubSettings(api_url=api_url, graphql_url="https://x/g").graphql == "https://x/g"


def test_a_host_has_one_spelling() -> None:
    assert GitHubSettings(api_url="https://h/api/").api_url == "https://h/api"


def test_whoever_needs_a_warehouse_that_nobody_named_is_told_what_to_do() -> None:
    with pytest.raises(BrokenEnvironment, match="set GITINSIGHT_WAREHOUSE__URL"):
        _ = Settings().warehouse_url


def test_explain_lists_every_setting_with_its_source_and_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITINSIGHT_GITHUB__TOKENS", "hidden-one,hidden-two")
    monkeypatch.setenv("GITINSIGHT_WAREHOUSE__URL", "postgresql://u:hidden@h/d")
    monkeypatch.setenv("GITINSIGHT_AUTH__GITHUB_CLIENT_SECRET", "hidden")
    monkeypatch.setenv("GH_TOKEN", "hidden")
    monkeypatch.setenv("GITINSIGHT_API__PORT", "8001")

    rows = {row["setting"]: row for row in explain(Settings())}

    assert "hidden" not in str(rows)
    assert rows["GITINSIGHT_GITHUB__TOKENS"]["value"] == "**********, **********"
    assert rows["GH_TOKEN"] == {
        "setting": "GH_TOKEN", "value": "**********", "source": "environment",
    }  # fmt: skip
    assert (rows["GITINSIGHT_API__PORT"]["value"], rows["GITINSIGHT_API__PORT"]["source"]) == (
        "8001", "environment",
    )  # fmt: skip
    assert rows["GITINSIGHT_API__HOST"]["source"] == "default"
    assert rows["GITINSIGHT_REDIS__URL"]["value"] is None
    assert {"GITINSIGHT_STATE_DIR", "GITINSIGHT_QUALITY__REFRESH_HOURS"} <= rows.keys()


def test_another_process_that_is_told_the_settings_has_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings.model_validate(
        {
            "state_dir": tmp_path,
            "github": {"tokens": "a,b", "api_url": "http://127.0.0.1:1"},
            "warehouse": {"url": SecretStr("postgresql://u:p@h/d")},
            "api": {"port": 8001},
        }
    )

    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)

    assert Settings() == settings
