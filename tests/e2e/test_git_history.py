"""Histories of an odd shape or of a great size, read as git itself reads them."""

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from gitinsight.git import history
from gitinsight.git.history import Commit
from gitinsight.git.mirror import Mirror
from tests.support.git import GitRepository


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path / "upstream.git")


def read(repository: GitRepository, *new: str, old: Iterable[str] = ()) -> list[Commit]:
    mirror = Mirror(repository.path, str(repository.path))
    found = history.commits(mirror, new=new or [repository.head()], old=old)
    return [replace(commit, files=list(commit.files)) for commit in found]


def lines(commit: Commit) -> tuple[int, int]:
    """Those that it added, and those that it deleted."""
    return (
        sum(one.additions or 0 for one in commit.files),
        sum(one.deletions or 0 for one in commit.files),
    )


def test_merges_that_cross_are_each_read_once(repository: GitRepository) -> None:
    base = repository.commit({"a": "1\n"})
    left = repository.commit({"l": "1\n"}, branch="left", start=base)
    right = repository.commit({"r": "1\n"}, branch="right", start=base)
    repository.commit({"r": "1\n"}, branch="left", merge=[right])
    repository.commit({"l": "1\n"}, branch="right", merge=[left])

    found = read(repository, "left", "right")

    assert len(found) == len({one.sha for one in found}) == 5
    assert sorted(lines(one) for one in found) == [(1, 0)] * 5


def test_what_a_repository_pretends_its_history_to_be_changes_nothing(
    repository: GitRepository,
) -> None:
    first = repository.commit({"a": "1\n"})
    second = repository.commit({"a": "1\n2\n"})
    plain = read(repository, second)
    other = repository.commit({"z": "1\n" * 9}, branch="other")
    repository.git("replace", second, other)
    repository.git("replace", "--graft", first, other)

    assert read(repository, second) == plain


def test_a_repository_of_sha_256_is_read_like_any_other(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "new.git", object_format="sha256")
    first = repository.commit({"a": "1\n"})
    second = repository.commit({"a": "2\n"})

    found = read(repository)

    assert [(one.sha, one.parents, lines(one)) for one in found] == [
        (second, [first], (1, 1)), (first, [], (1, 0))
    ]  # fmt: skip
    assert len(second) == 64


def test_commits_keep_their_order_whichever_git_compared_them(repository: GitRepository) -> None:
    """More than one git is used, each for some of them in turn."""
    stream = b"".join(
        b"commit refs/heads/main\ncommitter A <a@x> %d +0000\ndata 1\nm\n"
        b"M 100644 inline f%d\ndata 2\n1\n\n" % (1_700_000_000 + n, n)
        for n in range(700)
    )
    repository.git("fast-import", "--quiet", data=stream)

    found = read(repository)

    assert [one.sha for one in found] == repository.git("rev-list", "main").split()
    assert [one.path for commit in found for one in commit.files] == [
        f"f{n}" for n in reversed(range(700))
    ]


def test_a_message_that_is_a_file_by_another_name_is_cut_off(repository: GitRepository) -> None:
    huge = repository.raw_commit(message=b"x" * 4 * 2**20)

    found = read(repository, huge)[0]

    assert found.message == "x" * 2**20 + "\ufffd"
    assert found.is_sanitized
    assert found.committed.raw == "1700000000 +0000"


READ = """
import sys
from collections import Counter
from pathlib import Path
from gitinsight.git import history
from gitinsight.git.mirror import Mirror

total = Counter()
for commit in history.commits(Mirror(Path(sys.argv[1]), ""), new=["HEAD"], old=[]):
    total["message"] += len(commit.message)
    for change in commit.files:
        total["files"] += 1
        total["lines"] += change.additions
status = Path("/proc/self/status").read_text()
peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
print(total["files"], total["lines"], total["message"], peak)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "message_bytes"), [(1_000_000, 1), (1, 100 * 2**20)], ids=["files", "message"]
)
def test_the_largest_commit_is_read_in_64_mib(
    repository: GitRepository, tmp_path: Path, files: int, message_bytes: int
) -> None:
    stream = tmp_path / "stream"
    with stream.open("wb") as told:
        told.write(b"blob\nmark :1\ndata 4\n1\n2\n\ncommit refs/heads/main\n")
        told.write(b"committer A <a@x> 1700000000 +0000\ndata %d\n" % message_bytes)
        told.write(b"m" * message_bytes + b"\n")
        told.writelines(b"M 100644 :1 d%d/f%d\n" % (n % 1_000, n) for n in range(files))
    repository.git("fast-import", "--quiet", data=stream.read_bytes())

    done = subprocess.run(
        [sys.executable, "-c", READ, str(repository.path)], capture_output=True, check=True,
        text=True,
    )  # fmt: skip

    found, lines_added, length, peak_kib = map(int, done.stdout.split())
    assert (found, lines_added) == (files, 2 * files)
    assert length == min(message_bytes, 2**20 + 1)
    assert peak_kib < 64 * 1024
