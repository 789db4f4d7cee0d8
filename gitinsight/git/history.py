"""Reads commits with their line statistics out of a mirror, one commit in memory at a time.

Every field ends with NUL, the one byte that git lets into no field, so nothing that a commit
holds can be taken for structure.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO

from gitinsight.errors import UpstreamUnavailable
from gitinsight.git.mirror import Mirror

_MARK = b"\x01commit"
_FIELDS = ("%H", "%P", "%an", "%ae", "%ad", "%cn", "%ce", "%cd", "%B")
_FORMAT = "%x01commit%x00" + "%x00".join(_FIELDS) + "%x00"
_STATISTICS = re.compile(rb"^\n?(\d+|-)\t(\d+|-)\t(.*)$", re.DOTALL)
_RAW_DATE = re.compile(r"^(-?\d+) ([+-])(\d{2})(\d{2})$")
_CHUNK = 1 << 16
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
_MINUTES_IN_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class FileChange:
    """``additions`` and ``deletions`` are null for a binary file."""

    path: str
    previous_path: str | None
    additions: int | None
    deletions: int | None


@dataclass(frozen=True, slots=True)
class Moment:
    """What git says about a time: kept as written, and as a time where it is one."""

    at: datetime | None
    offset_minutes: int | None
    raw: str


@dataclass(slots=True)
class Commit:
    sha: str
    parents: list[str]
    author_name: str
    author_email: str
    authored: Moment
    committer_name: str
    committer_email: str
    committed: Moment
    message: str
    is_sanitized: bool
    files: list[FileChange] = field(default_factory=list)
    totals: tuple[int, int, int | None] | None = None
    """(additions, deletions, files) where a source gives totals without the files."""

    @property
    def additions(self) -> int:
        return self.totals[0] if self.totals else sum(one.additions or 0 for one in self.files)

    @property
    def deletions(self) -> int:
        return self.totals[1] if self.totals else sum(one.deletions or 0 for one in self.files)

    @property
    def files_count(self) -> int | None:
        return self.totals[2] if self.totals else len(self.files)


def commits(mirror: Mirror, *, new: Iterable[str], old: Iterable[str]) -> Iterator[Commit]:
    """Commits reachable from ``new`` tips and not from ``old`` ones; renames are followed, merges
    are compared with their first parent.
    """
    process = mirror.stream(
        "log", "-z", "--no-color", "--encoding=UTF-8", "--date=raw", f"--format=format:{_FORMAT}",
        "--numstat", "--find-renames", "--diff-merges=first-parent", "--stdin",
    )  # fmt: skip
    if process.stdin is None or process.stdout is None:
        raise UpstreamUnavailable(str(mirror.path), "git gave no pipe")
    revisions = "".join([*(f"{tip}\n" for tip in new), *(f"^{tip}\n" for tip in old)])
    try:
        with suppress(BrokenPipeError), process.stdin as told:  # the exit code says why git ended
            told.write(revisions.encode())
        last: Commit | None = None
        for commit in parse(process.stdout):
            if last is not None:
                yield last
            last = commit
        if process.wait() != 0:  # then the last commit may have been cut
            raise UpstreamUnavailable(str(mirror.path), f"git log ended with {process.returncode}")
        if last is not None:
            yield last
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def parse(stream: IO[bytes]) -> Iterator[Commit]:
    tokens = _tokens(stream)
    commit: Commit | None = None
    for token in tokens:
        if token.lstrip(b"\n") == _MARK:
            if commit is not None:
                yield commit
            commit = _header(tokens)
        elif commit is not None and (found := _STATISTICS.match(token)):
            commit.files.append(_change(found, tokens))
    if commit is not None:
        yield commit


def moment(raw: str) -> Moment:
    """Git's raw date, ``SECONDS +HHMM``; times that are none are kept only as written. Git writes
    0 for one that it cannot read.
    """
    found = _RAW_DATE.match(raw)
    if found is None:
        return Moment(None, None, raw)
    seconds = int(found[1])
    offset = int(found[3]) * 60 + int(found[4])
    minutes = (offset if found[2] == "+" else -offset) if offset < _MINUTES_IN_A_DAY else None
    at = datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LATEST else None
    return Moment(at, minutes, raw)


def _tokens(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _header(tokens: Iterator[bytes]) -> Commit:
    raw = [next(tokens, b"") for _ in _FIELDS]
    text = [part.decode("utf-8", "replace") for part in raw]
    sha, parents, author_name, author_email, authored, name, email, committed, message = text
    return Commit(
        sha=sha,
        parents=parents.split(),
        author_name=author_name,
        author_email=author_email,
        authored=moment(authored),
        committer_name=name,
        committer_email=email,
        committed=moment(committed),
        message=message,
        is_sanitized=any("\ufffd" in part for part in text),
    )


def _change(found: re.Match[bytes], tokens: Iterator[bytes]) -> FileChange:
    added, deleted, path = found.groups()
    previous = None
    if not path:  # a rename: the two names follow as tokens of their own
        previous = next(tokens, b"").decode("utf-8", "replace")
        path = next(tokens, b"")
    return FileChange(
        path=path.decode("utf-8", "replace"),
        previous_path=previous,
        additions=None if added == b"-" else int(added),
        deletions=None if deleted == b"-" else int(deleted),
    )
