"""The commands that ask."""

import json
from pathlib import Path

import pandas as pd
import pytest

from gitinsight.settings import Settings
from tests.flows.conftest import Gitinsight
from warehouse.engine import make_engine

NAME = "synthetic-labs/borealis"


def test_repositories_are_listed(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("repositories", "--json")

    [row] = json.loads(out)
    assert code == 0
    assert row["full_name"] == NAME
    assert row["is_synthetic"] is True
    assert (row["as_of"] is not None, row["is_fresh"], row["fresh_hours"]) == (True, True, 50)


def test_a_repository_may_have_a_target_of_its_own(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("freshness", NAME, "--hours", "0.000001", "--json")
    [row] = json.loads(out)
    assert (code, row["is_fresh"], row["fresh_hours"]) == (0, False, 0.000001)

    code, out, _ = gitinsight("doctor", "--json")
    said = [one["said"] for one in json.loads(out)]
    assert f"older than they may be: {NAME}" in said

    code, out, _ = gitinsight("freshness", NAME, "--hours", "0", "--json")
    [row] = json.loads(out)
    assert (code, row["is_fresh"], row["fresh_hours"]) == (0, True, 50)


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

    assert (code, found["is_quiet"], found["requests"], found["points"]) == (0, True, 6, 0)

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


def test_the_ledger_is_shown(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("completeness", NAME, "--json")

    ledger = {row["thing"]: row for row in json.loads(out)}
    assert code == 0
    assert ledger["issues"]["upstream_count"] == ledger["issues"]["held_count"] == 24


def test_the_newest_checks_are_shown(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("quality", NAME, "--json")

    checks = {row["check_name"]: row for row in json.loads(out)}
    assert code == 0
    assert {row["status"] for row in checks.values()} == {"passed"}
    assert checks["reconciliation:issues"] == {
        "check_name": "reconciliation:issues", "severity": "block", "status": "passed",
        "failures": 0, "observed": "24", "expected": "24",
    }  # fmt: skip


def test_a_check_that_blocks_is_shown_and_is_exit_code_2(
    gitinsight: Gitinsight, analysed: Settings
) -> None:
    engine = make_engine(analysed.warehouse_url, process="test")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "update ops.quality_results set status = 'failed'"
            " where check_name = 'reconciliation:issues'"
        )
    engine.dispose()

    code, out, _ = gitinsight("quality", NAME, "--failed", "--json")

    assert (code, [row["check_name"] for row in json.loads(out)]) == (2, ["reconciliation:issues"])


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


def test_a_query_of_more_rows_than_it_may_show_says_so(gitinsight: Gitinsight) -> None:
    code, out, err = gitinsight("query", "--json", "--limit", "2", "table marts.daily_activity")

    assert (code, len(json.loads(out))) == (0, 2)
    assert "more than 2 rows" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "daily_activity", "--output", "none/x"), ("docs", "--output", "none/x"),
        ("export", "daily_activity", "--output", "."), ("quality", NAME, "--docs", "file/x"),
        ("affiliations", "import", "none"),
    ],
)  # fmt: skip
def test_a_place_where_nothing_can_be_written_is_told_in_words(
    gitinsight: Gitinsight,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)

    code, _, err = gitinsight(*arguments)

    assert code == 1
    assert err.startswith(("gitinsight: none", "gitinsight: . ", "gitinsight: file"))
    assert len(err.splitlines()) == 1
    assert not any(word in err for word in ("Errno", "Error", "--debug"))


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
