"""Every command of `gitinsight`, as its main function runs it."""

import socket
import sys
from uuid import uuid4

import pytest

from flows import cli
from gitinsight.errors import NotFound
from gitinsight.settings import Settings
from tests.flows.conftest import Gitinsight
from tests.support.analyses import enqueue, rows
from warehouse.engine import make_engine

NAME = "synthetic-labs/borealis"


def test_analyze_shows_the_result(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("analyze", NAME)

    assert code == 0
    assert " ".join(out.split()).count(f"{NAME}* unchanged 24 16 80") == 1


def test_a_job_can_be_cancelled(gitinsight: Gitinsight, analysed: Settings) -> None:
    warehouse = make_engine(analysed.warehouse_url, process="test")
    job = enqueue(analysed, warehouse, NAME)

    code, out, _ = gitinsight("cancel", str(job.job_id))

    assert (code, out) == (0, "cancelled\n")
    assert rows(warehouse, f"select state from ops.jobs where job_id = '{job.job_id}'") == [
        ("cancelled",)
    ]
    warehouse.dispose()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["export", "nothing"], "mart nothing is not known here"),
        (["export", "contributor", "--format", "xls"], "xls is not a format; give parquet, "),
        (["completeness", "a/b"], "a/b is not known here"),
        (["jobs", str(uuid4())], "job "),
        (["cancel", "x"], "Invalid value for 'job_id': "),
        (["replay-quarantine", "--thing", "isues"], "thing isues is not known here"),
        (["simulate", "--port", "99999"], "Invalid value for '--port': "),
        (["catalog", "--port", "0"], "Invalid value for '--port': "),
        (["freshness", NAME, "--hours", "inf"], "Invalid value for '--hours': "),
        (["freshness", NAME, "--hours", "87601"], "Invalid value for '--hours': "),
        (["simulate", "--port", "-1"], "Invalid value for '--port': "),
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


def test_a_simulated_github_does_not_begin_where_somebody_else_listens(
    gitinsight: Gitinsight,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, _, err = gitinsight("simulate", "--port", str(port))

    assert (code, err) == (1, f"gitinsight: port {port} is in use; give another by --port\n")


def test_migrate_says_when_it_is_done(gitinsight: Gitinsight) -> None:
    assert gitinsight("migrate")[:2] == (0, "the warehouse is up to date\n")


def test_help_lists_every_command(gitinsight: Gitinsight) -> None:
    code, out, _ = gitinsight("--help")

    assert code == 0
    for command in (
        "up", "analyze", "jobs", "cancel", "repositories", "completeness", "query", "export",
        "doctor", "simulate", "catalog", "archive", "retention", "migrate", "quality",
        "actors",
    ):  # fmt: skip
        assert f" {command} " in out


def test_a_traceback_is_there_for_whoever_asks(
    gitinsight: Gitinsight, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["gitinsight", "--debug", "export", "nothing"])

    with pytest.raises(NotFound):
        cli.main()
