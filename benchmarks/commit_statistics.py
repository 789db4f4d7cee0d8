"""Commits with their lines: beside git itself, beside Perceval, and in how much memory."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import measure as measuring
from benchmarks import peer, replay
from benchmarks.figures import Baseline, Figure, Target
from benchmarks.measure import Measured

NAME = "commit-statistics"
_ISSUE = 3
_REPOSITORIES = ("bitcoin/bips", "tlswg/tls13-spec")
"""The longest history that is recorded, and one of large files, where git's own comparing is what
takes the time, of merges most of all, which Perceval leaves out.
"""
_RUNS = 5
_FILES = 1_000_000
_MEBIBYTE = 1 << 20
_LOG = ("log", "-z", "--numstat", "--find-renames", "--diff-merges=first-parent", "--all")
"""What is read of each commit, by git alone into nothing: merges beside their first parent too."""


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        places = {one: directory / one.replace("/", "-") for one in _REPOSITORIES}
        with replay.serving() as server:
            for repository, place in places.items():
                remote = f"{server.url}/{repository}.git"
                _git("clone", "--quiet", "--bare", remote, str(place / "clone.git"))
        for repository, place in places.items():
            yield from _speed(repository, place / "clone.git", place)
        yield _memory(directory)


def _speed(repository: str, clone: Path, directory: Path) -> Iterator[Figure]:
    """All three in turn, so that a busy moment of the machine meets each of them."""
    name = f"{NAME}-{directory.name}"
    peer.install(peer.PERCEVAL)
    script = peer.PERCEVAL.script.with_name("perceval_commits.py")
    ours: list[float] = []
    git: list[float] = []
    perceval: list[float] = []
    _run([peer.PERCEVAL.python, script, clone], directory)  # its own clone is made here
    for _ in range(_RUNS):
        git.append(_run(["git", "-C", clone, *_LOG], directory).seconds)
        ours.append(_read(clone)["seconds"])
        told = _run([peer.PERCEVAL.python, script, clone], directory)
        perceval.append(told.last_line["seconds"])
    version = measuring.run(["git", "--version"]).output.decode().split()[2]
    yield Figure(
        f"{name}-against-git", NAME, _ISSUE, "times the seconds of git log --numstat",
        [one / other for one, other in zip(ours, git, strict=True)],
        Target("value", "<=", 1.3), is_cost=True, baseline=Baseline("git", version, 1.0),
    )  # fmt: skip
    yield Figure(
        name, NAME, _ISSUE, f"seconds for {repository}", ours, Target("ratio", ">=", 3),
        is_cost=True,
        baseline=Baseline("perceval", peer.PERCEVAL.version, sorted(perceval)[_RUNS // 2]),
    )  # fmt: skip


def _memory(directory: Path) -> Figure:
    """Of the process that reads; git beside it takes what it takes."""
    large = directory / "large.git"
    _git("init", "--quiet", "--bare", "--initial-branch=main", str(large))
    _git("-C", str(large), "fast-import", "--quiet", told=_large_commit())
    told = _read(large)
    if told["files"] != _FILES:
        raise measuring.Failed(f"{told['files']} files were read of {_FILES}")
    return Figure(
        f"{NAME}-memory", NAME, _ISSUE, f"MiB for a commit of {_FILES:,} files",
        [told["peak_bytes"] / _MEBIBYTE], Target("value", "<=", 64), is_cost=True,
    )  # fmt: skip


def _large_commit() -> bytes:
    lines = [
        "blob", "mark :1", "data 2", "a", "commit refs/heads/main",
        "committer Ada <ada@example.invalid> 1700000000 +0000", "data 5", "large",
    ]  # fmt: skip
    lines += [f"M 100644 :1 {n // 1_000}/{n % 1_000}.txt" for n in range(_FILES)]
    return "\n".join([*lines, ""]).encode()


def _read(clone: Path) -> dict[str, Any]:
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", "benchmarks.commit_history", str(clone)]
    told: dict[str, Any] = measuring.run(command, directory=root).last_line
    return told


def _run(command: list[str | Path], directory: Path) -> Measured:
    return measuring.run(command, directory=directory)


def _git(*arguments: str, told: bytes = b"") -> None:
    subprocess.run(["git", *arguments], input=told, check=True)  # noqa: S607
