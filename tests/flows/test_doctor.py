"""The doctor tells what is wrong, how things are, and ends as badly as its worst finding."""

import json

import pytest

from gitinsight.runtime.process import free_port
from tests.flows.conftest import Gitinsight


@pytest.fixture(autouse=True)
def _nobody_listens(gitinsight: Gitinsight, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("API", "ORCHESTRATOR"):
        monkeypatch.setenv(f"GITINSIGHT_{part}__PORT", str(free_port(0)))


def test_it_tells_settings_with_their_sources_and_no_secret(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("doctor")

    told = {line.split()[0]: line for line in out.splitlines() if line.strip().startswith("GIT")}
    assert code in {0, 3}  # the disk of this machine may be scarce
    assert told["GITINSIGHT_API__PORT"].split()[2:] == ["environment"]
    assert "test-token" not in out
    assert "postgresql://" not in out
    assert "nothing runs; start it with `gitinsight up`" in out
    assert "raw.git_commits" in out
    assert "how much of it is free is not known" in out


def test_it_starts_no_warehouse(gitinsight: Gitinsight, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITINSIGHT_WAREHOUSE__URL")

    code, out, _ = gitinsight("doctor")

    assert code in {0, 3}
    assert "how the warehouse grows is told while it runs" in out


def test_a_program_reads_what_is_wrong_and_the_command_that_mends_it(
    gitinsight: Gitinsight, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITINSIGHT_WAREHOUSE__URL", "postgresql://u:p@127.0.0.1:1/d")

    code, out, _ = gitinsight("doctor", "--json")

    found = {one["what"]: one for one in json.loads(out)}
    assert code == 1
    assert found["warehouse"]["level"] == "error"
    assert "GITINSIGHT_WAREHOUSE__URL" in found["warehouse"]["mend"]
    assert found["tokens"]["level"] == "ok"
