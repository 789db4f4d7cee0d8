"""Values that no setting can have."""

import os
from typing import Annotated

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from flows.cli import main
from gitinsight.setting_kinds import HTTP, address
from gitinsight.settings import Settings

POSTGRESQL = address("postgresql://")
NO_TIMES = ["-1", "0", "1e400", "nan", "99999999999999999999999"]
NO_ADDRESSES = [
    "example.org",
    "ftp://h",
    "http://",
    "http://h:port",
    "http://a b",
    "http://[::1",
    "7",
]
WRONG = {
    "GITHUB__WAIT_SECONDS": ["-1", "1e9"],
    "GITHUB__TIMEOUT_SECONDS": NO_TIMES,
    "GITHUB__WORKFLOW_JOBS_DAYS": ["-1", "36501"],
    "GITHUB__SECONDS_PER_MINUTE": ["-1", "inf"],
    "GITHUB__CLONE_URL": ["https://git.test/{owner}.git"],
    "GIT__TIMEOUT_SECONDS": NO_TIMES,
    "GIT__LOW_SPEED_SECONDS": NO_TIMES,
    "WAREHOUSE__LOCK_TIMEOUT_MS": NO_TIMES,
    "API__EXPORT_SECONDS": NO_TIMES,
    "API__BODY_SECONDS": NO_TIMES,
    "AUTH__SESSION_DAYS": NO_TIMES,
    "LLM__TIMEOUT_SECONDS": NO_TIMES,
    "ORCHESTRATOR__CONCURRENCY": ["-1", "0", "1000"],
    "ORCHESTRATOR__GIANT_RECORDS": ["-1", "0", "99999999999999999999999"],
    "ORCHESTRATOR__LEASE_SECONDS": NO_TIMES,
    "ORCHESTRATOR__WARM_SECONDS": NO_TIMES,
    "QUALITY__REFRESH_HOURS": ["-1", "99999999999999999999999"],
    "QUALITY__FRESH_HOURS": NO_TIMES,
    "QUALITY__VOLUME_DROP_RATIO": ["-0.1", "1.1", "nan"],
    "RETENTION__AUDIT_DAYS": ["-1", "99999999999999999999999"],
    "GITHUB__API_URL": NO_ADDRESSES,
    "GITHUB__GRAPHQL_URL": NO_ADDRESSES,
    "AUTH__GITHUB_URL": NO_ADDRESSES,
    "AUTH__PUBLIC_URL": NO_ADDRESSES,
    "ORCHESTRATOR__API_URL": NO_ADDRESSES,
    "ORCHESTRATOR__DASK_ADDRESS": NO_ADDRESSES,
    "TRACING__ENDPOINT": NO_ADDRESSES,
    "SIMULATOR__URL": NO_ADDRESSES,
    "NOTIFY__SLACK_URL": NO_ADDRESSES,
    "NOTIFY__WEBHOOK_URL": NO_ADDRESSES,
    "WAREHOUSE__URL": ["postgresql://u:hidden@h:port/d", "postgresql://[::1/d"],
    "REDIS__URL": ["redis://h:port"],
    "MESSAGES__URL": ["amqp://h:port"],
    "LLM__MODEL": ["x"],
    "NOTIFY__SMTP_HOST": ["h"],
    "MESSAGES__WEBHOOK_QUEUE": ["q"],
    "GITHUB__APP_ID": ["1"],
    "GITHUB__APP_PRIVATE_KEY": ["x"],
    "GITHUB": ["x", '{"wait_seconds": 1}'],
}


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith("GITINSIGHT_"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_command_refuses_it_in_one_line_that_names_the_variable(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"GITINSIGHT_{name}", value)
    monkeypatch.setattr("sys.argv", ["gitinsight", "backups"])

    with pytest.raises(SystemExit) as ended:
        main()

    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert told.startswith("gitinsight: ")
    assert f"GITINSIGHT_{name}" in told
    assert "hidden" not in told
    assert "Error" not in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    "right",
    [
        "https://api.github.com", "http://127.0.0.1:8900/api/v3", "http://[::1]:80",
        "https://user:p/w@h:1/x?y=a@b:c", "",
    ],
)  # fmt: skip
def test_an_address_names_a_host(right: str) -> None:
    assert TypeAdapter(Annotated[str, HTTP]).validate_python(right) == right


def test_a_server_may_be_one_of_this_machine() -> None:
    kind: TypeAdapter[SecretStr] = TypeAdapter(Annotated[SecretStr, POSTGRESQL])

    assert kind.validate_python("postgresql:///d?host=/run") == SecretStr(
        "postgresql:///d?host=/run"
    )
    with pytest.raises(ValidationError) as refused:
        kind.validate_python("postgresql://u:p@h:x/d")
    assert refused.value.errors()[0]["msg"].endswith("a number after its colon")


def test_what_is_at_the_edge_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITINSIGHT_GITHUB__WAIT_SECONDS", "0")
    monkeypatch.setenv("GITINSIGHT_QUALITY__REFRESH_HOURS", "0")
    monkeypatch.setenv("GITINSIGHT_RETENTION__HISTORY_DAYS", "36500")

    told = Settings()

    assert (told.github.wait_seconds, told.quality.refresh_hours) == (0, 0)
    assert told.retention.history_days == 36_500
