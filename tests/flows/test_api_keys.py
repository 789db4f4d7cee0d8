"""Keys for programs, made and taken back on the command line."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flows import cli
from gitinsight.clock import now
from warehouse import api_keys
from warehouse.engine import Engine

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    state_dir: Path, database_url: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:  # fmt: skip
    monkeypatch.setenv("GITINSIGHT_STATE_DIR", str(state_dir))
    monkeypatch.setenv("GITINSIGHT_WAREHOUSE__URL", database_url)

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gitinsight", "apikey", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return command


def test_a_key_is_made_shown_once_and_taken_back(run: Run, warehouse: Engine) -> None:
    code, out, err = run("create", "nightly", "--scopes", "read, sql", "--days", "7")
    text = out.strip()
    assert code == 0
    assert "key 1, good until" in err

    with warehouse.begin() as connection:
        principal, until = api_keys.principal_of(connection, text, at=now())
    assert (principal.role.word, principal.scopes) == ("viewer", {"read", "sql"})
    assert 6 <= (until - now()).days <= 7

    _, listed, _ = run("list", "--json")
    (row,) = json.loads(listed)
    assert (row["name"], row["shown"], row["revoked_at"]) == ("nightly", text[:9], None)
    assert text not in listed

    assert run("revoke", "1")[0] == 0
    (row,) = json.loads(run("list", "--json")[1])
    assert row["revoked_at"]


def test_a_program_reads_the_key_from_json(run: Run) -> None:
    (made,) = json.loads(run("create", "ci", "--role", "maintainer", "--json")[1])

    assert made["key"].startswith(made["shown"])
    assert (made["role"], made["scopes"]) == ("maintainer", ["read"])


def test_what_cannot_be_made_or_taken_back_is_said(run: Run) -> None:
    for wrong in (["--scopes", "all"], ["--role", "emperor"], ["--days", "400"]):
        code, _, err = run("create", "x", *wrong)
        assert (code, wrong[0] in err) == (1, True)
    code, _, err = run("revoke", "9")
    assert (code, "key 9" in err) == (1, True)
