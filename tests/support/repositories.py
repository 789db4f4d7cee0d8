"""Small git repositories on disk."""

import os
import subprocess
from pathlib import Path

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.invalid",
    "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.invalid",
}  # fmt: skip


def git(path: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=path, capture_output=True, text=True, check=True, env={**os.environ, **_ENVIRONMENT},
    )  # fmt: skip
    return done.stdout.strip()


def make_repository(path: Path, *, commits: int = 1) -> Path:
    path.mkdir(parents=True)
    git(path, "init", "--quiet", "--initial-branch=main")
    for number in range(1, commits + 1):
        add_commit(path, f"line {number}\n")
    return path


def add_commit(path: Path, text: str, *, to: str = "notes.txt") -> str:
    """The commit that appended ``text`` to a file."""
    with (path / to).open("a") as file:
        file.write(text)
    git(path, "add", to)
    git(path, "commit", "--quiet", "--message", text.strip() or "a change")
    return git(path, "rev-parse", "HEAD")
