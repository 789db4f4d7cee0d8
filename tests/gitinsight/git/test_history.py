"""Commits as git has them, however strange, with the line counts that git itself gives."""

import io
import os
import platform
import shutil
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, getpagesize, getrusage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitinsight.errors import MirrorBroken, UpstreamUnavailable
from gitinsight.git import history
from gitinsight.git.history import Commit, FileChange, Moment
from gitinsight.git.mirror import Mirror
from tests.support.git import GitRepository

NORMAL = Moment(datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), 0, "1700000000 +0000")


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path / "upstream.git")


def read(repository: GitRepository, *new: str, old: Iterable[str] = ()) -> list[Commit]:
    """Straight from the repository: to read, a mirror is a bare repository like any other."""
    mirror = Mirror(repository.path, str(repository.path))
    return whole(history.commits(mirror, new=new or [repository.head()], old=old))


def whole(found: Iterable[Commit]) -> list[Commit]:
    """With their files, which are read while they are iterated."""
    return [replace(commit, files=list(commit.files)) for commit in found]


def changes(commit: Commit) -> list[FileChange]:
    return list(commit.files)


def lines(commit: Commit) -> tuple[int, int]:
    """Those that it added, and those that it deleted."""
    return (
        sum(one.additions or 0 for one in commit.files),
        sum(one.deletions or 0 for one in commit.files),
    )


def only(repository: GitRepository, sha: str) -> Commit:
    (commit,) = read(repository, sha)
    return commit


def test_a_commit_is_read_with_everything_that_it_says(repository: GitRepository) -> None:
    first = repository.commit({"a.py": "1\n2\n"}, message="Begin\n\nWith a body.\n")
    second = repository.commit({"a.py": "1\n3\n4\n", "b": "x"}, at=1_700_000_060)

    found = read(repository)

    assert [commit.sha for commit in found] == [second, first]
    assert found[1] == Commit(
        sha=first, parents=[], author_name="Ada", author_email="ada@example.invalid",
        authored=NORMAL, committer_name="Ada", committer_email="ada@example.invalid",
        committed=NORMAL, message="Begin\n\nWith a body.\n", is_sanitized=False,
        files=[FileChange("a.py", None, 2, 0)],
    )  # fmt: skip
    assert (found[0].parents, lines(found[0])) == ([first], (3, 1))
    assert len(changes(found[0])) == 2


@pytest.mark.parametrize(
    "line",
    [
        b"Ada <a@x> 99999999999999 +0000",  # the year 3170843
        b"Ada <a@x> 99999999999999999999999 +0000",
        b"Ada <a@x> -1234 +0000",
        b"Ada <a@x>",
        b"Ada <a@x> yesterday",
        b"Ada 1700000000 +0000",
        None,
    ],
)
def test_a_time_that_is_none_is_unknown(repository: GitRepository, line: bytes | None) -> None:
    found = only(repository, repository.raw_commit(author=line))

    assert found.authored.at is None
    assert found.committed == NORMAL


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("37931320783 +0000", Moment(datetime(3171, 12, 30, 21, 59, 43, tzinfo=UTC), 0, "{}")),
        ("99999999999999 +0000", Moment(None, 0, "{}")),
        ("60 -0730", Moment(datetime(1970, 1, 1, 0, 1, tzinfo=UTC), -450, "{}")),
        ("60 +9999", Moment(datetime(1970, 1, 1, 0, 1, tzinfo=UTC), None, "{}")),
        ("60 +99:99", Moment(datetime(1970, 1, 1, 0, 1, tzinfo=UTC), 99, "60 +0099")),
    ],
)
def test_a_time_is_kept_as_git_writes_it_and_a_zone_that_is_none_is_unknown(
    repository: GitRepository, written: str, moment: Moment
) -> None:
    found = only(repository, repository.raw_commit(author=f"Ada <a@x> {written}".encode()))

    assert found.authored == replace(moment, raw=moment.raw.format(written))


@pytest.mark.parametrize(
    ("commit", "name", "message", "is_sanitized"),
    [
        ({"author": b"J\xf6rg <j@x> 1 +0000"}, "J\ufffdrg", "Change\n", True),
        ({"author": b"J\xf6rg <j@x> 1 +0000", "header": b"encoding ISO-8859-1\n",
          "message": b"gr\xfc\xdfe\n"}, "Jörg", "grüße\n", False),
        ({"author": b"A\x01commit <a@x> 1 +0000"}, "A\x01commit", "Change\n", False),
        ({"author": b" <> 1 +0000"}, "", "Change\n", False),
        ({"author": b"<only@address.example> 1 +0000"}, "", "Change\n", False),
        ({"message": b"before\0after\n"}, "Ada", "before", False),
        ({"message": b"\x01commit\n\x01commit\n1\t2\tno-file\n\x1e"}, "Ada",
         "\x01commit\n\x01commit\n1\t2\tno-file\n\x1e", False),
        ({"message": b""}, "Ada", "", False),
        ({"message": b"bad \xff\n"}, "Ada", "bad \ufffd\n", True),
    ],
    ids=[
        "latin-1", "latin-1-declared", "mark-in-name", "nobody", "address", "nul",
        "mark-in-message", "no-message", "broken-utf-8",
    ],
)  # fmt: skip
def test_a_hostile_text_stays_text_and_is_never_taken_for_structure(
    repository: GitRepository, commit: dict[str, Any], name: str, message: str, *,
    is_sanitized: bool,
) -> None:  # fmt: skip
    first = repository.commit({"a": "1\n"})
    hostile = repository.raw_commit(parents=[first], **commit)

    found = {one.sha: one for one in read(repository, hostile)}

    assert found.keys() == {first, hostile}
    assert (found[hostile].author_name, found[hostile].message) == (name, message)
    assert found[hostile].is_sanitized == is_sanitized
    assert found[hostile].files == [FileChange("a", None, 0, 1)]


PATHS = [
    "tab\there",
    "line\nbreak",
    "\x01commit",
    '"quoted"',
    "1\t2\tx",
    " space ",
    "ünï",
    "-",
    "a\\b",
]


def test_a_path_may_hold_every_byte_that_git_allows(repository: GitRepository) -> None:
    repository.commit(dict.fromkeys([*PATHS, "latin-\udcf6"], "1\n"))

    (found,) = read(repository)

    assert {change.path for change in found.files} == {*PATHS, "latin-\ufffd"}
    assert {(change.additions, change.deletions) for change in found.files} == {(1, 0)}


def test_a_binary_file_has_no_line_counts(repository: GitRepository) -> None:
    repository.commit({"picture": b"\0\x01\x02", "text": "1\n"})

    (found,) = read(repository)

    assert {change.path: change.additions for change in found.files} == {"picture": None, "text": 1}
    assert lines(found) == (1, 0)


@pytest.mark.parametrize("name", ["new.py", "\x01commit", "1\t2\tthree", "with\nbreak"])
def test_a_rename_knows_both_names(repository: GitRepository, name: str) -> None:
    body = "".join(f"line {number}\n" for number in range(20))
    repository.commit({"old\tname": body})
    repository.commit({"old\tname": None, name: body + "more\n", "z": "1\n"})

    found = changes(read(repository)[0])

    assert FileChange(name, "old\tname", 1, 0) in found
    assert FileChange("z", None, 1, 0) in found
    assert len(found) == 2


def test_a_merge_is_compared_with_its_first_parent(repository: GitRepository) -> None:
    base = repository.commit({"a": "1\n"})
    sides = [
        repository.commit({f"side{n}": "1\n" * n}, branch=f"s{n}", start=base, at=1_700_000_100 + n)
        for n in (1, 2, 3)
    ]
    octopus = repository.commit(
        {f"side{n}": "1\n" * n for n in (1, 2, 3)}, merge=sides, at=1_700_000_200
    )

    found = {one.sha: one for one in read(repository)}

    assert found.keys() == {base, *sides, octopus}
    assert found[octopus].parents == [base, *sides]
    assert lines(found[octopus]) == (6, 0)


def test_an_empty_commit_is_a_commit(repository: GitRepository) -> None:
    repository.commit({"a": "1\n"})
    empty = repository.commit({}, at=1_700_000_060)
    repository.commit({"b": "1\n"}, at=1_700_000_120)

    found = read(repository)

    assert [len(changes(one)) for one in found] == [1, 0, 1]
    assert found[1].sha == empty


def test_a_submodule_is_one_line(repository: GitRepository) -> None:
    sha = "1234567890" * 4
    stream = (
        "commit refs/heads/main\ncommitter A <a@x> 1700000000 +0000\ndata 2\nm\n"
        f"M 160000 {sha} vendored\n"
    )
    repository.git("fast-import", "--quiet", data=stream.encode())

    (found,) = read(repository)

    assert found.files == [FileChange("vendored", None, 1, 0)]


def test_only_what_the_old_tips_do_not_reach_is_new(repository: GitRepository) -> None:
    first = repository.commit({"a": "1\n"})
    second = repository.commit({"a": "2\n"}, at=1_600_000_000)  # dated before its parent

    assert [one.sha for one in read(repository, second, old=[first])] == [second]
    assert read(repository, second, old=[second]) == []
    assert read(repository, first, second, first, old=[]) != []


def test_what_is_held_is_not_compared_again(repository: GitRepository) -> None:
    """So that a reading that was killed goes on where it was."""
    shas = [repository.commit({"a": f"{n}\n"}, at=1_700_000_000 + n) for n in range(5)]
    mirror = Mirror(repository.path, "")

    found = history.commits(mirror, new=[shas[-1]], old=[], held=lambda _asked: set(shas[:3]))

    assert [one.sha for one in whole(found)] == [shas[4], shas[3]]


def test_files_that_nobody_asks_for_are_passed_over(repository: GitRepository) -> None:
    for number in range(3):
        repository.commit({f"{number}{n}": "1\n" for n in range(5)}, at=1_700_000_000 + number)

    found = history.commits(Mirror(repository.path, ""), new=["HEAD"], old=[])

    assert len([next(iter(one.files)) for one in found]) == 3


def test_the_totals_are_those_of_git(repository: GitRepository) -> None:
    for number in range(30):
        text = "".join(f"{number * line % 7}\n" for line in range(number % 9 + 1))
        repository.commit({f"f{number % 4}": text, f"dir/{number}\t": b"\0" * (number % 2)})
    numstat = repository.git("log", "--numstat", "--format=", "-z").split("\0")
    counted = [line.split("\t")[:2] for line in numstat if line]

    found = read(repository)

    assert sum(len(changes(one)) for one in found) == len(counted) == 60
    assert sum(lines(one)[0] for one in found) == sum(int(a) for a, _ in counted if a != "-")
    assert sum(lines(one)[1] for one in found) == sum(int(d) for _, d in counted if d != "-")


def test_what_a_person_has_configured_for_himself_changes_nothing(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a.py": "1\n", "b": "1\n" * 20, "c": "2\n" * 20})
    repository.commit({"a.py": "2\n", "b": None, "c": None, "d": "1\n" * 21, "e": "2\n" * 21})
    plain = read(repository)
    (tmp_path / "attributes").write_text("*.py -diff\n")
    (tmp_path / "config").write_text(
        "[log]\nshowRoot=false\nshowSignature=true\ndate=relative\n[diff]\nnoprefix=true\nrenames=false\n"
        f"renameLimit=1\n[color]\nui=always\n[core]\nattributesFile={tmp_path}/attributes\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))

    assert read(repository) == plain


def test_a_commit_with_twenty_thousand_files_needs_little_memory(repository: GitRepository) -> None:
    for turn in range(2):
        repository.commit({f"dir{n % 100}/file{n}": f"{turn}\n" for n in range(20_000)})
    mirror = Mirror(repository.path, "")

    tracemalloc.start()
    counts = [
        sum(1 for _ in one.files)
        for one in history.commits(mirror, new=[repository.head()], old=[])
    ]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert counts == [20_000, 20_000]
    assert peak < 4 * 2**20


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what is set is set for glibc")
def test_git_does_not_give_a_large_text_back_between_commits(repository: GitRepository) -> None:
    large = "a line of a specification\n" * 20_000
    shas = [repository.commit({"large.md": f"{number}\n{large}"}) for number in range(60)]
    before = getrusage(RUSAGE_CHILDREN).ru_minflt
    read(repository)
    faults = getrusage(RUSAGE_CHILDREN).ru_minflt - before
    assert faults * getpagesize() < len(shas) * len(large)


def test_a_history_that_git_cannot_read_is_an_error_and_no_short_history(
    repository: GitRepository,
) -> None:
    first = repository.commit({"a": "1\n"})
    repository.commit({"a": "2\n"})
    repository.git("repack", "-adq")
    repository.git("unpack-objects", "-q", data=_without_pack(repository))
    (repository.path / "objects" / first[:2] / first[2:]).unlink()

    with pytest.raises(MirrorBroken):
        read(repository)


@pytest.mark.parametrize("count", [1, 5_000])
def test_a_mirror_that_is_not_there_is_an_error(tmp_path: Path, count: int) -> None:
    mirror = Mirror(tmp_path / "none.git", "")

    with pytest.raises(MirrorBroken):
        list(history.commits(mirror, new=["1" * 40] * count, old=[]))


DYING = """#!/bin/sh
case "$*" in
    *diff-tree*) "{git}" "$@" | head -c {length}; exit 137 ;;
    *) exec "{git}" "$@" ;;
esac
"""


@pytest.mark.parametrize("length", range(0, 640, 53))
def test_of_a_history_that_breaks_off_only_whole_commits_are_given_out(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """A commit that is stored is never read again; one that was cut would stay so."""
    for number in range(3):
        repository.commit({"a": f"{number}\n", f"f{number}": "1\n"}, at=1_700_000_000 + number)
    all_of_it = read(repository)
    dying = tmp_path / "bin" / "git"
    dying.parent.mkdir()
    dying.write_text(DYING.format(git=shutil.which("git"), length=length))
    dying.chmod(0o755)
    monkeypatch.setenv("PATH", f"{dying.parent}:{os.environ['PATH']}")
    given_out: list[Commit] = []
    read_once = history.commits(Mirror(repository.path, ""), new=["HEAD"], old=[])

    with pytest.raises(UpstreamUnavailable, match="137"):
        given_out.extend(replace(one, files=list(one.files)) for one in read_once)

    assert given_out == all_of_it[: len(given_out)]


def _without_pack(repository: GitRepository) -> bytes:
    (pack,) = (repository.path / "objects" / "pack").glob("*.pack")
    data = pack.read_bytes()
    for one in pack.parent.iterdir():
        one.unlink()
    return data


@given(
    st.integers(-(10**20), 10**20), st.integers(0, 99), st.integers(0, 99), st.sampled_from("+-")
)
def test_every_date_that_git_may_write_is_understood_or_unknown(
    seconds: int, hours: int, minutes: int, sign: str
) -> None:
    raw = f"{seconds} {sign}{hours:02}{minutes:02}"

    found = history.moment(raw)

    assert found.raw == raw
    assert found.at is None or found.at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        seconds=seconds
    )
    assert found.offset_minutes is None or abs(found.offset_minutes) < 24 * 60


@given(st.lists(st.binary(max_size=20), max_size=40))
def test_any_bytes_are_read_to_their_end(tokens: list[bytes]) -> None:
    stream = io.BytesIO(b"\x01commit\0" + b"\0".join(tokens))

    assert all(isinstance(one, Commit) for one in history.parse(stream.read))
