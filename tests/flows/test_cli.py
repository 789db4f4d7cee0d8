"""Every command of `gitinsight`, as its main function runs it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pytest

from flows import cli
from gitinsight.errors import NotFound
from gitinsight.settings import Settings, as_environment
from tests.support.analyses import enqueue, rows
from warehouse.engine import make_engine

NAME = "synthetic-labs/borealis"
Gitinsight = Callable[..., tuple[int, str, str]]


@pytest.fixture
def gitinsight(
    analysed: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Gitinsight:
    """Run a command; its exit code and what it printed on both streams."""
    for name, value in as_environment(analysed).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gitinsight", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


def test_analyze_shows_the_result(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("analyze", NAME)

    assert code == 0
    assert " ".join(out.split()).count(f"{NAME}* unchanged 24 16 80") == 1


def test_repositories_are_listed(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("repositories", "--json")

    [row] = json.loads(out)
    assert code == 0
    assert row["full_name"] == NAME
    assert row["is_synthetic"] is True


def test_an_organisation_is_followed_whole(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("follow", "synthetic-labs")

    assert (code, out.strip()) == (0, "synthetic-labs: 3 listed, 2 new and queued")
    _, out, _ = gitinsight("organisations", "--json")
    [row] = json.loads(out)
    assert (row["login"], row["repositories"]) == ("synthetic-labs", 3)
    assert row["discovered_at"] is not None


def test_a_plan_says_what_the_next_run_takes(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("plan", NAME, "--json")
    found = json.loads(out)

    assert (code, found["is_quiet"], found["requests"], found["points"]) == (0, True, 5, 0)

    code, out, _ = gitinsight("plan", NAME, "--full")
    assert code == 0
    assert "pull_requests" in out


def test_jobs_are_listed_and_shown_one_by_one(gitinsight: Gitinsight) -> None:
    _, out, _ = gitinsight("jobs", "--json")
    [job] = json.loads(out)

    code, out, _ = gitinsight("jobs", job["job_id"], "--json")

    events = json.loads(out)
    assert code == 0
    assert job["state"] == events[-1]["state"] == "succeeded"
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_a_job_can_be_cancelled(gitinsight: Gitinsight, analysed: Settings) -> None:
    warehouse = make_engine(analysed.warehouse_url, process="test")
    job = enqueue(analysed, warehouse, NAME)

    code, out, _ = gitinsight("cancel", str(job.job_id))

    assert (code, out) == (0, "cancelled\n")
    assert rows(warehouse, f"select state from ops.jobs where job_id = '{job.job_id}'") == [
        ("cancelled",)
    ]
    warehouse.dispose()


def test_the_ledger_is_shown(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("completeness", NAME, "--json")

    ledger = {row["thing"]: row for row in json.loads(out)}
    assert code == 0
    assert ledger["issues"]["upstream_count"] == ledger["issues"]["held_count"] == 24


def test_a_query_runs_as_an_analyst(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight(
        "query", "--json", "select issues_count, current_user from marts.repository_summary"
    )

    assert code == 0
    assert json.loads(out) == [{"issues_count": 24, "current_user": "gitinsight_analyst"}]


@pytest.mark.parametrize("text", ["select * from raw.github_issues", "drop table marts.bus_factor"])
def test_a_query_beyond_an_analysts_rights_is_refused(gitinsight: Gitinsight, text: str) -> None:
    code, _, err = gitinsight("query", text)

    assert code == 1
    assert err.startswith("gitinsight: the query failed: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_a_mart_can_be_taken_away_as_a_file(
    gitinsight: Gitinsight, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / f"summary.{kind}"

    code, _, err = gitinsight(
        "export", "repository_summary", "--format", kind, "--output", str(file)
    )

    read = {"csv": pd.read_csv, "json": pd.read_json, "parquet": pd.read_parquet}[kind]
    frame = read(file)
    assert (code, err) == (0, "")
    assert list(frame["issues_count"]) == [24]
    assert frame["issue_events_by_kind"][0] is not None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["export", "nothing"], "mart nothing is not known here"),
        (["export", "contributor", "--format", "xls"], "xls is not a format; give parquet, "),
        (["completeness", "a/b"], "a/b is not known here"),
        (["jobs", str(uuid4())], "job "),
        (["cancel", "x"], "Invalid value for 'job_id': "),
        (["nothing"], "No such command 'nothing'. (see --help)"),
        (["analyze"], "Missing argument 'repos'. (see --help)"),
    ],
)
def test_what_is_asked_wrongly_gets_one_line(
    gitinsight: Gitinsight, arguments: list[str], expected: str
) -> None:
    code, _, err = gitinsight(*arguments)

    assert code == 1
    assert err.startswith(f"gitinsight: {expected}")
    assert len(err.splitlines()) == 1


def test_doctor_tells_settings_with_their_sources_and_no_secret(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("doctor")

    told = {line.split()[0]: line for line in out.splitlines() if line.strip().startswith("GIT")}
    assert code == 0
    assert told["GITINSIGHT_API__PORT"].split()[1:] == ["8000", "environment"]
    assert "test-token" not in out
    assert "postgresql://" not in out
    assert "nothing runs; start it with `gitinsight up`" in out


def test_migrate_says_when_it_is_done(gitinsight: Gitinsight) -> None:
    assert gitinsight("migrate")[:2] == (0, "the warehouse is up to date\n")


def test_help_lists_every_command(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("--help")

    assert code == 0
    for command in (
        "up", "analyze", "jobs", "cancel", "repositories", "completeness", "query", "export",
        "doctor", "simulate", "catalog", "archive", "migrate",
    ):  # fmt: skip
        assert f" {command} " in out


def test_a_traceback_is_there_for_whoever_asks(
    gitinsight: Gitinsight, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["gitinsight", "--debug", "export", "nothing"])

    with pytest.raises(NotFound):
        cli.main()
