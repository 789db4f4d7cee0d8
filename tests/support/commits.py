"""Commits as git tells them, of a repository whose number is 1."""

from datetime import timedelta
from uuid import UUID

from gitinsight.git.history import Commit, FileChange, Moment, moment
from tests.support.rows import AT
from warehouse import git
from warehouse.engine import Engine
from warehouse.git import Run

RUN = Run(1, AT, UUID(int=1))
LATER = Run(1, AT + timedelta(hours=1), UUID(int=2))
WHEN = moment("1767225600 +0200")  # 2026-01-01, two hours east


def commit(
    sha: str, *, parents: tuple[str, ...] = ("p",), message: str = "work",
    email: str = "Ann@Example.org", authored: Moment = WHEN, files: tuple[FileChange, ...] = (),
) -> Commit:  # fmt: skip
    return Commit(
        sha=sha, parents=list(parents), author_name="Ann", author_email=email, authored=authored,
        committer_name="Bob", committer_email="bob@example.org", committed=authored,
        message=message, is_sanitized=False, files=list(files),
    )  # fmt: skip


def insert(warehouse: Engine, *commits: Commit, run: Run = RUN) -> int:
    with warehouse.begin() as connection:
        return git.insert_commits(connection, commits, run=run, source="git")
