"""The git side of the organisation: real repositories, made by ``git fast-import``."""

import os
import random
import subprocess
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from gitinsight.git.environment import environment
from gitinsight.simulator.organisation import Repository, authors
from gitinsight.simulator.records import crowding

_START = datetime(2026, 1, 5, 9, tzinfo=UTC)
_ENVIRONMENT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def build(repository: Repository, directory: Path, *, seed: int) -> Path:
    """The bare repository below ``directory``; made once, the same commits for the same seed."""
    path = directory / f"{seed}" / f"{repository.name}.git"
    if (path / "finished").exists():
        return path
    path.mkdir(parents=True, exist_ok=True)
    _git(path, "init", "--quiet", "--bare", "--initial-branch=main", ".")
    if repository.commits_wanted:
        stream = _stream(repository, random.Random(seed))  # noqa: S311 - reproducible, not secret
        _git(path, "fast-import", "--quiet", "--force", data=stream)
    (path / "finished").touch()
    return path


def add_commit(path: Path, *, at: datetime) -> None:
    """One more commit on the default branch."""
    name, email = next(authors())
    stamp = f"{int(at.timestamp())} +0000"
    content = f"value = {int(at.timestamp())}\n".encode()
    stream = b"".join(
        (
            f"commit refs/heads/main\nauthor {name} <{email}> {stamp}\n"
            f"committer {name} <{email}> {stamp}\ndata 9\nLate work\n"
            f"from refs/heads/main^0\nM 100644 inline src/late.py\ndata {len(content)}\n".encode(),
            content,
            b"\n",
        )
    )
    _git(path, "fast-import", "--quiet", "--force", data=stream)


def log(path: Path) -> list[dict[str, str]]:
    """Commits of the default branch, newest first: sha, parents, author, dates, message."""
    tip = path / "refs" / "heads" / "main"
    return list(_log(path, tip.read_text("ascii").strip())) if tip.exists() else []


@lru_cache(maxsize=2_000)
def _log(path: Path, tip: str) -> tuple[dict[str, str], ...]:
    text = _git(
        path, "log", "--format=%H%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%s", tip
    )
    names = (
        "sha", "parents", "author", "author_email", "authored_at", "committer", "committer_email",
        "committed_at", "message",
    )  # fmt: skip
    return tuple(dict(zip(names, line.split("\0"), strict=True)) for line in text.splitlines())


def newest_at(commits: list[dict[str, str]], moment: str) -> dict[str, str] | None:
    """The newest commit of a log that is no younger than ``moment``, else the oldest of all."""
    at = datetime.fromisoformat(moment)
    for commit in commits:
        if datetime.fromisoformat(commit["committed_at"]) <= at:
            return commit
    return commits[-1] if commits else None


def force_push(path: Path, *, at: datetime) -> None:
    """The newest commit of the default branch gives way to another one."""
    _git(path, "update-ref", "refs/heads/main", "refs/heads/main^1")
    add_commit(path, at=at)


def move_tag(path: Path) -> None:
    """The newest lightweight tag names the tip of the default branch."""
    _git(path, "update-ref", f"refs/tags/{_last_tag(path)}", "refs/heads/main")


def delete_tag(path: Path) -> None:
    _git(path, "update-ref", "-d", f"refs/tags/{_last_tag(path)}")


def _last_tag(path: Path) -> str:
    return max(name for name in refs(path, "tags") if name.startswith("v"))


def refs(path: Path, kind: str) -> dict[str, str]:
    """Branches (``heads``) or tags with the commits that they name."""
    text = _git(path, "for-each-ref", "--format=%(refname:strip=2) %(objectname) %(*objectname)",
                f"refs/{kind}")  # fmt: skip
    found = (line.split() for line in text.splitlines())
    return {name: rest[-1] for name, *rest in found}


def _git(path: Path, *arguments: str, data: bytes | None = None) -> str:
    done = subprocess.run(  # noqa: S603 - a fixed program, no shell
        ["git", *arguments], cwd=path, input=data, capture_output=True, check=True,  # noqa: S607
        env=environment(**_ENVIRONMENT),
    )  # fmt: skip
    return done.stdout.decode()


def _stream(repository: Repository, chance: random.Random) -> bytes:
    """Ordinary commits, now and then a merge, a rename, a binary file, an odd time zone."""
    people = list(authors())
    parts: list[bytes] = []
    at, side, pace = _START, 0, crowding(repository.commits_wanted // 2)
    for position in range(1, repository.commits_wanted + 1):
        at += pace * timedelta(hours=26, minutes=chance.randrange(500))
        name, email = people[min(int(chance.expovariate(0.4)), len(people) - 1)]
        zone = "+0900" if position % 13 == 0 else "+0000"
        is_side = position % 12 == 5
        parts.append(_commit(position, name, email, f"{int(at.timestamp())} {zone}",
                             branch="topic" if is_side else "main",
                             start=position > 1, merge=side))  # fmt: skip
        side = position if is_side else 0
        parts.append(_changes(position, chance))
        if position % 30 == 0:
            parts.append(f"reset refs/tags/v0.{position // 30}.0\nfrom :{position}\n\n".encode())
    parts.append(
        f"tag annotated\nfrom :{repository.commits_wanted}\ntagger Ada <ada@example.invalid>"
        f" {int(at.timestamp())} +0000\ndata 9\nAnnotated\n".encode()
    )
    return b"".join(parts)


def _commit(
    position: int, name: str, email: str, stamp: str, *, branch: str, start: bool, merge: int
) -> bytes:
    message = f"Change {position} (synthetic)\n"
    origin = f"from :{position - 1}\n" if start and not merge else ""
    if merge:  # the side commit's parent is the first parent, as a pull request is merged
        origin = f"from :{position - 2}\nmerge :{merge}\n"
    return (
        f"commit refs/heads/{branch}\nmark :{position}\nauthor {name} <{email}> {stamp}\n"
        f"committer {name} <{email}> {stamp}\ndata {len(message)}\n{message}{origin}"
    ).encode()


def _changes(position: int, chance: random.Random) -> bytes:
    path = f"src/part{position % 9}.py"
    lines = "".join(f"line {chance.randrange(50)}\n" for _ in range(3 + chance.randrange(20)))
    body = f"M 100644 inline {path}\ndata {len(lines)}\n{lines}\n"
    if position % 25 == 10:
        body = f"R {path} src/renamed{position}.py\n"
    data = body.encode()
    if position % 40 == 20:
        data += (
            b"M 100644 inline picture.bin\ndata 6\n\x00\x01\x02\xff\x00"
            + bytes([position % 251])
            + b"\n"
        )
    return data + b"\n"
