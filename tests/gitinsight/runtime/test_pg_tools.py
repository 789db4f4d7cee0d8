"""PostgreSQL's programs: which one is taken, and what becomes of its refusal."""

from pathlib import Path

import pytest

from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime import pg_tools
from gitinsight.runtime.pg_tools import ToolFailed


def program(directory: Path, said: str) -> Path:
    path = directory / "tool"
    path.write_text(f"#!/bin/sh\necho '{said}'\n")
    path.chmod(0o755)
    return path


def test_the_embedded_server_brings_its_own() -> None:
    found = pg_tools.find("pg_dump", server=18)

    assert pg_tools.version(found) == 18


def test_one_that_is_older_than_the_server_is_not_taken() -> None:
    with pytest.raises(BrokenEnvironment, match="install postgresql-client-99"):
        pg_tools.find("pg_restore", server=99)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", 15),
        ("pg_dump (PostgreSQL) 18.6", 18),
        ("pg_dump (PostgreSQL) 19beta1", 19),
    ],
)
def test_versions_are_read(tmp_path: Path, said: str, version: int) -> None:
    assert pg_tools.version(program(tmp_path, said)) == version


def test_what_it_says_when_it_fails_is_told_without_a_password() -> None:
    tool = pg_tools.find("pg_dump", server=18)

    with pytest.raises(ToolFailed, match="pg_dump failed") as caught:
        pg_tools.run(tool, "postgresql://u:secret@127.0.0.1:1/d", ["--schema=x"])

    assert "secret" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
