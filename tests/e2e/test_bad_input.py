"""What goes wrong is said in one line, with the documented exit code, and leaves nothing."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from gitinsight.settings import Settings
from gitinsight.simulator.app import WRONG_TOKEN
from tests.support.analyses import count, rows
from tests.support.commands import gitinsight, variables
from tests.support.github import GitHub
from warehouse.engine import Engine

NAME = "synthetic-labs/borealis"
EMPTY = "synthetic-labs/empty-repo"


def complaint(done: "subprocess.CompletedProcess[str]") -> str:
    """The one line that a command ends with."""
    *_, last = done.stderr.strip().splitlines()
    assert last.startswith("gitinsight: "), done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    return last.removeprefix("gitinsight: ")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "nonsense",
            "'nonsense' is not a repository: give OWNER/NAME, a GitHub URL or a local path",
        ),
        (
            "owner/does-not-exist",
            "GitHub does not show /repos/owner/does-not-exist (HTTP 404: Not Found)",
        ),
    ],
)
def test_a_name_that_is_none_adds_nothing(
    settings: Settings, warehouse: Engine, name: str, expected: str
) -> None:
    done = gitinsight(variables(settings), "analyze", name)

    assert complaint(done) == expected
    assert done.returncode == 1
    assert count(warehouse, "ops.repositories") == count(warehouse, "ops.jobs") == 0


def test_one_wrong_name_among_several_starts_nothing(settings: Settings, warehouse: Engine) -> None:
    done = gitinsight(variables(settings), "analyze", NAME, "nonsense")

    assert done.returncode == 1
    assert count(warehouse, "ops.jobs") == 0


def test_an_empty_repository_is_analysed_and_its_figures_are_none_or_unknown(
    settings: Settings, warehouse: Engine
) -> None:
    done = gitinsight(variables(settings), "analyze", EMPTY)

    assert done.returncode == 0, done.stderr
    figures = rows(
        warehouse,
        "select issues_count, commits_count, issue_close_p50_hours, caf_50_count"
        " from marts.repository_summary",
    )
    assert figures == [(0, 0, None, None)]


def test_a_repository_whose_name_changed_is_the_same_one(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    gitinsight(variables(settings), "analyze", EMPTY)
    github.control(rename={EMPTY: "synthetic-labs/still-empty"})

    done = gitinsight(variables(settings), "analyze", EMPTY)

    assert done.returncode == 0, done.stderr
    assert "synthetic-labs/still-empty" in done.stdout
    assert rows(warehouse, "select full_name from marts.repository_summary") == [
        ("synthetic-labs/still-empty",)
    ]


def test_a_wrong_token_is_called_wrong(settings: Settings, warehouse: Engine) -> None:
    told = variables(settings, GITINSIGHT_GITHUB__TOKENS=WRONG_TOKEN)

    done = gitinsight(told, "analyze", NAME)

    assert complaint(done) == (
        "GitHub rejects the token (HTTP 401): it is wrong, expired or revoked"
    )
    assert done.returncode == 1
    assert count(warehouse, "ops.repositories") == 0


def test_no_network_is_worth_another_try(settings: Settings, warehouse: Engine) -> None:
    told = variables(settings, GITINSIGHT_GITHUB__API_URL="http://127.0.0.1:9")

    done = gitinsight(told, "analyze", NAME)

    assert complaint(done).startswith("127.0.0.1 does not answer: ")
    assert done.returncode == 75
    assert count(warehouse, "ops.repositories") == 0


def test_a_database_that_does_not_answer_is_worth_another_try(settings: Settings) -> None:
    told = variables(settings, GITINSIGHT_WAREHOUSE__URL="postgresql://nobody@127.0.0.1:9/none")

    done = gitinsight(told, "repositories")

    assert complaint(done).startswith("the warehouse does not answer: ")
    assert done.returncode == 75


def test_a_port_in_use_is_named_with_the_setting_that_changes_it(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        done = gitinsight(variables(settings, GITINSIGHT_API__PORT=port), "up", "--once", NAME)

    assert complaint(done) == (
        f"port {port} of the API is in use; stop what uses it,"
        " or set GITINSIGHT_API__PORT to another"
    )
    assert done.returncode == 1


def test_a_state_directory_that_cannot_be_written_is_named(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("not a directory")

    done = gitinsight(variables(settings, GITINSIGHT_STATE_DIR=str(file / "state")), "jobs")

    assert complaint(done).startswith(f"the state directory {file}/state cannot be written: ")
    assert done.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_disk_is_said_to_be_full(settings: Settings, state_dir: Path) -> None:
    """A file system of one megabyte stands for the full one, where it can be mounted."""
    full = state_dir / "full"
    full.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(full)],
        capture_output=True, check=False,
    )  # fmt: skip
    if mounted.returncode != 0 or os.geteuid() != 0:
        pytest.skip("no file system can be mounted here")
    try:
        done = gitinsight(variables(settings, GITINSIGHT_STATE_DIR=str(full)), "jobs")
    finally:
        subprocess.run(["umount", str(full)], check=True)

    assert "is full: " in complaint(done)
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("GITINSIGHT_API__PORT", "many", "the setting GITINSIGHT_API__PORT is not valid: "),
        ("GITINSIGHT_COLOUR", "blue", "GITINSIGHT_COLOUR is no setting of GitInsight"),
    ],
)
def test_a_setting_that_is_wrong_is_named(
    settings: Settings, variable: str, value: str, expected: str
) -> None:
    done = gitinsight(variables(settings, **{variable: value}), "repositories")

    assert complaint(done).startswith(expected)
    assert done.returncode == 1


def test_a_query_that_is_wrong_says_what_postgresql_says(settings: Settings) -> None:
    done = gitinsight(variables(settings), "query", "select nothing")

    assert complaint(done) == 'the query failed: column "nothing" does not exist'
    assert done.returncode == 1


def test_a_limit_that_is_used_up_parks_the_job_and_asks_for_patience(
    settings: Settings, warehouse: Engine, github: GitHub
) -> None:
    github.control(calm=True, limits={"with token": 3})

    done = gitinsight(variables(settings), "analyze", NAME)

    assert done.returncode == 75
    assert "limit is used up until" in done.stdout
    assert rows(warehouse, "select state, not_before > now() from ops.jobs") == [("queued", True)]
