"""Reads commits with their line statistics out of a mirror, one changed file in memory at a time.

Every field ends with NUL, the one byte that git lets into no field, so nothing that a commit
holds can be taken for structure.
"""

import os
import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import IO

from gitinsight.errors import MirrorBroken
from gitinsight.git.mirror import Mirror

_MARK = b"\x01commit"
_FIELDS = ("%H", "%P", "%an", "%ae", "%ad", "%cn", "%ce", "%cd", "%B")
_FORMAT = "%x01commit%x00" + "%x00".join(_FIELDS) + "%x00"
_STATISTICS = re.compile(rb"^\n?(\d+|-)\t(\d+|-)\t(.*)$", re.DOTALL)
_RAW_DATE = re.compile(r"^(-?\d+) ([+-])(\d{2})(\d{2})$")
_CHUNK = 1 << 16
_LONGEST = 1 << 20
"""Bytes of one field. A message of 100 MB is a file by another name: its end is cut off."""
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
_MINUTES_IN_A_DAY = 24 * 60
_TURN = 64
"""Commits that one git compares before it is the next one's turn: enough to make use of what it
has unpacked, few enough for its answers to fit into the pipe while the others are read.
"""
_MOST_GITS = 4
_ASKED = 1_000

Read = Callable[[int], bytes]


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
    files: Iterable[FileChange] = ()
    """From git they come while they are iterated, once, and before the next commit is asked for."""
    totals: tuple[int, int, int | None] | None = None
    """(additions, deletions, files) where a source gives totals without the files."""


def _none_is_held(_shas: Sequence[str]) -> Collection[str]:
    return ()


def commits(
    mirror: Mirror, *, new: Iterable[str], old: Iterable[str],
    held: Callable[[Sequence[str]], Collection[str]] = _none_is_held,
) -> Iterator[Commit]:  # fmt: skip
    """Commits reachable from ``new`` tips and not from ``old`` ones, without those of which
    ``held`` says that they are held already; renames are followed, merges are compared with their
    first parent.

    A history that git cannot read to its end raises, at the latest when the last file of the last
    commit has been given out. Several gits compare at once and are heard in turns: comparing costs
    far more than reading what comes of it.
    """
    most = min(os.cpu_count() or 1, _MOST_GITS)
    with ExitStack() as stack:
        told: list[IO[bytes]] = []
        count = 0
        for sha in _wanted(mirror.reachable(new, old), held):
            turn, place = divmod(count, _TURN)
            if place == 0 and turn < most:
                told.append(stack.enter_context(mirror.scratch()))
            told[turn % most].write(f"{sha}\n".encode())
            count += 1
        outputs = []
        for one in told:
            one.seek(0)
            outputs.append(
                stack.enter_context(
                    mirror.stream(
                        "diff-tree", "--stdin", "-z", "-r", "--root", "--always", "--no-color",
                        "--encoding=UTF-8", "--date=raw", f"--format=format:{_FORMAT}",
                        "--numstat", "--find-renames", "--diff-merges=first-parent", told=one,
                    )
                )
            )  # fmt: skip
        found = [parse(output.read) for output in outputs]
        given = 0
        while given < count:
            before = given
            for commit in islice(found[given // _TURN % most], min(_TURN, count - given)):
                given += 1
                yield commit
            if given - before < min(_TURN, count - before):  # git passes over what it lacks
                raise MirrorBroken(str(mirror.path), "git does not find a commit that it listed")
        for output in outputs:
            while output.read(_CHUNK):
                pass


def parse(read: Read) -> Iterator[Commit]:
    """``read`` gives the next bytes, none at the end, and raises where the end is none."""
    tokens = _tokens(read)
    next_commit = [False]
    _exhaust(_changes(tokens, next_commit))
    while next_commit[0]:
        commit = _header(tokens)
        files = commit.files = _changes(tokens, next_commit)
        yield commit
        _exhaust(files)


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


def _wanted(shas: Iterator[str], held: Callable[[Sequence[str]], Collection[str]]) -> Iterator[str]:
    while asked := list(islice(shas, _ASKED)):
        known = held(asked)
        yield from (sha for sha in asked if sha not in known)


def _tokens(read: Read) -> Iterator[bytes]:
    rest: list[bytes] = []
    size = 0
    while chunk := read(_CHUNK):
        first, *others = chunk.split(b"\0")
        if size <= _LONGEST:
            rest.append(first)
            size += len(first)
        if not others:
            continue
        yield b"".join(rest)
        last = others.pop()
        yield from others
        rest, size = [last], len(last)
    if size:
        yield b"".join(rest)


def _changes(tokens: Iterator[bytes], next_commit: list[bool]) -> Iterator[FileChange]:
    """Up to the end, or up to the mark of the next commit: ``next_commit`` says which."""
    next_commit[0] = False
    for token in tokens:
        if found := _STATISTICS.match(token):
            yield _change(found, tokens)
        elif token.lstrip(b"\n") == _MARK:
            next_commit[0] = True
            return


def _exhaust(files: Iterator[FileChange]) -> None:
    deque(files, maxlen=0)


def _header(tokens: Iterator[bytes]) -> Commit:
    raw = [next(tokens, b"") for _ in _FIELDS]
    text = [_text(part) for part in raw]
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


def _text(raw: bytes) -> str:
    text = raw[:_LONGEST].decode("utf-8", "replace")
    return text if len(raw) <= _LONGEST else f"{text}\ufffd"


def _change(found: re.Match[bytes], tokens: Iterator[bytes]) -> FileChange:
    added, deleted, path = found.groups()
    previous = None
    if not path:  # a rename: the two names follow as tokens of their own
        previous = _text(next(tokens, b""))
        path = next(tokens, b"")
    return FileChange(
        path=_text(path),
        previous_path=previous,
        additions=None if added == b"-" else int(added),
        deletions=None if deleted == b"-" else int(deleted),
    )
