"""Backups of the warehouse, each proved by restoring it, and the way back."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from flows import stack, vitals
from flows.command import JSON, read_settings
from flows.tables import ERR, OUT, show
from gitinsight import clock
from gitinsight.errors import BrokenEnvironment, GitInsightError, PermanentError
from gitinsight.runtime import pg_tools
from gitinsight.settings import Settings
from warehouse import contents, databases
from warehouse.contents import Contents

app = typer.Typer()
KEYS = ("admin.key", "encryption.key")
"""Of the state directory: what is sealed in the warehouse is lost without them."""
_DUMP, _MANIFEST = "warehouse.dump", "manifest.json"
_FORMAT = "%Y%m%dT%H%M%SZ"
_PART, _PROVED = ".part", "proved"
_DAMAGED = 3


class NotAsItWas(PermanentError):
    """What was restored is not what was saved."""

    def __init__(self, backup: str, lines: list[str]) -> None:
        super().__init__(backup, lines)
        self.backup = backup
        self.lines = lines

    def __str__(self) -> str:
        more = f", and {len(self.lines) - 3} more" if len(self.lines) > 3 else ""  # noqa: PLR2004
        return f"{self.backup} is not what was saved: {'; '.join(self.lines[:3])}{more}"


@dataclass(frozen=True, slots=True)
class Backup:
    path: Path
    at: datetime
    gitinsight: str
    tool: int
    """The major version of the pg_dump that wrote it."""
    held: Contents
    files: dict[str, str]
    """Name -> SHA-256."""

    @property
    def rows(self) -> int:
        return sum(count for count, _ in self.held.tables.values())

    def row(self) -> dict[str, Any]:
        size = sum((self.path / name).stat().st_size for name in self.files)
        return {
            "backup": self.path.name, "at": self.at.isoformat(), "revision": self.held.revision,
            "pg_dump": self.tool, "tables": len(self.held.tables), "rows": self.rows,
            "bytes": size, "is_proved": _is_proved(self.path),
        }  # fmt: skip


@app.command()
def backup(
    *,
    verify: Annotated[bool, typer.Option(help="Restore it into a database of its own.")] = True,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Save the warehouse and the keys, as of one instant, while everything goes on.

    It is proved at once: restored beside the warehouse, compared table by table, dropped again.
    """
    settings = read_settings()
    with stack.server(settings) as (told, _):
        made = make(told.warehouse_url, directory_of(settings), settings.state_dir, clock.now())
        if verify:
            prove(made, told.warehouse_url)
    gone = prune(directory_of(settings), settings.backup.keep) if verify else []
    show([made.row()], as_json=as_json)
    ERR.print(f"{made.path}: {'restored and compared' if verify else 'not verified'}")
    for one in gone:
        ERR.print(f"deleted {one}, an older one")


@app.command()
def backups(*, as_json: Annotated[bool, JSON] = False) -> None:
    """Which backups there are, the newest first; exit code 3 where one is damaged."""
    rows = held_in(directory_of(read_settings()))
    show(rows, as_json=as_json)
    if not all(row["is_whole"] for row in rows):
        raise typer.Exit(_DAMAGED)


@app.command()
def restore(
    name: Annotated[str, typer.Argument(help="A backup, as `backups` names it, or its path.")],
    *,
    into: Annotated[
        str | None, typer.Option(help="A new database beside the warehouse; nothing else changes.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Where the warehouse holds something already.")
    ] = False,
) -> None:
    """Restore a backup, compare it with what was saved, and only then let it be the warehouse.

    What was there before stays, under another name. Stop everything first.
    """
    settings = read_settings()
    chosen = read(Path(name) if "/" in name else directory_of(settings) / name)
    if into is None and vitals.is_up(settings):
        raise BrokenEnvironment("a stack runs on this warehouse", "stop it, and restore then")
    with stack.server(settings) as (told, _):
        url = told.warehouse_url
        if into is not None:
            if databases.has(url, into):
                raise BrokenEnvironment(f"there is a database {into}", "give the name of a new one")
            with _loaded(chosen, url, into):
                OUT.print(f"{chosen.path.name} is in the database {into}, as it was saved")
            return
        if not contents.is_empty(url) and not replace:
            raise BrokenEnvironment(
                "the warehouse is not empty", "say --replace; what is there stays beside it"
            )
        at = clock.now().strftime(_FORMAT).lower()
        fresh, before = f"gitinsight_restored_{at}", f"gitinsight_before_{at}"
        with _loaded(chosen, url, fresh):
            databases.exchange(url, new=fresh, kept_as=before)
    put_back(chosen, settings.state_dir)
    OUT.print(f"the warehouse is {chosen.path.name}; what it was is the database {before}")


def directory_of(settings: Settings) -> Path:
    return settings.backup.directory or settings.state_dir / "backups"


def make(url: str, directory: Path, state_dir: Path, at: datetime) -> Backup:
    """A new one; until it is whole it has another name, and is none."""
    path = directory / at.strftime(_FORMAT)
    part = path.with_name(path.name + _PART)
    try:
        part.mkdir(mode=0o700, parents=True)
        with contents.snapshot(url) as seen:
            tool = pg_tools.find("pg_dump", server=seen.server)
            pg_tools.run(
                tool, url,
                [
                    "--format=custom", "--compress=6", f"--snapshot={seen.name}", "--no-owner",
                    f"--file={part / _DUMP}",
                ],
            )  # fmt: skip
        for name in KEYS:
            if (state_dir / name).exists():
                shutil.copy(state_dir / name, part / name)
                (part / name).chmod(0o600)
        files = {one.name: _digest(one) for one in sorted(part.iterdir())}
        made = Backup(
            path, at, version("gitinsight"), pg_tools.version(tool), seen.contents, files
        )  # fmt: skip
        told = asdict(made) | {"path": None, "at": at.isoformat()}
        (part / _MANIFEST).write_text(json.dumps(told, indent=1), "utf-8")
        part.rename(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BrokenEnvironment(
            f"the backup {path} cannot be written: {reason}",
            "set GITINSIGHT_BACKUP__DIRECTORY to a directory of yours with room for it",
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)  # it takes room, and is no backup
    return made


def read(path: Path) -> Backup:
    """One that is whole: every file as it was written."""
    try:
        told = json.loads((path / _MANIFEST).read_text("utf-8"))
        tables = {name: (count, total) for name, (count, total) in told["held"]["tables"].items()}
        made = Backup(
            path, datetime.fromisoformat(told["at"]), told["gitinsight"], told["tool"],
            Contents(told["held"]["revision"], tables), told["files"],
        )  # fmt: skip
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BrokenEnvironment(f"{path} is no backup", "see `gitinsight backups`") from error
    broken = [
        f"{name} is not the file that was written"
        for name, digest in made.files.items()
        if not (path / name).is_file() or _digest(path / name) != digest
    ]
    if broken:
        raise NotAsItWas(path.name, broken)
    return made


def held_in(directory: Path) -> list[dict[str, Any]]:
    """A row for each; of one that is damaged only its name is believed."""
    return [_row(one) for one in _paths(directory)]


def newest(directory: Path) -> datetime | None:
    """When the newest was made."""
    paths = _paths(directory)
    return datetime.strptime(paths[0].name, _FORMAT).replace(tzinfo=UTC) if paths else None


def load(chosen: Backup, url: str) -> None:
    """Into an empty database; NotAsItWas where it then holds anything else."""
    if not contents.is_empty(url):
        raise BrokenEnvironment("the database is not empty", "give the name of a new one")
    contents.ensure_roles(url)
    arguments = ["--exit-on-error", "--no-owner", "--jobs=2", str(chosen.path / _DUMP)]
    pg_tools.run(pg_tools.find("pg_restore", server=chosen.tool), url, arguments)
    if lines := contents.differences(chosen.held, contents.contents(url)):
        raise NotAsItWas(chosen.path.name, lines)


@contextmanager
def _loaded(chosen: Backup, url: str, name: str) -> Iterator[None]:
    """Into a database of its own, which goes where something goes wrong."""
    try:
        load(chosen, databases.beside(url, name))
        yield
    except GitInsightError:
        databases.drop(url, name)
        raise


def prove(chosen: Backup, url: str) -> None:
    """Restore it beside the warehouse, compare, and leave nothing behind."""
    name = f"gitinsight_proof_{chosen.path.name.lower()}"
    databases.drop(url, name)
    try:
        load(chosen, databases.beside(url, name))
    finally:
        databases.drop(url, name)
    (chosen.path / _PROVED).touch(mode=0o600)


def prune(directory: Path, keep: int) -> list[str]:
    """Delete what is older than so many that were proved; the names of those that are gone. One of
    which nobody knows whether it can be restored stands in for none that can.
    """
    gone, proved = [], 0
    for path in _paths(directory):
        if proved >= keep:
            shutil.rmtree(path)
            gone.append(path.name)
        proved += _is_proved(path)
    return gone


def put_back(chosen: Backup, state_dir: Path) -> None:
    """The keys; one that is there and another stays beside it."""
    for name in KEYS:
        if name not in chosen.files:
            continue
        held = state_dir / name
        if held.exists() and held.read_bytes() != (chosen.path / name).read_bytes():
            held.rename(held.with_name(f"{name}.before-{chosen.path.name}"))
        shutil.copy(chosen.path / name, held)
        held.chmod(0o600)


def _row(path: Path) -> dict[str, Any]:
    try:
        return read(path).row() | {"is_whole": True}
    except (BrokenEnvironment, NotAsItWas):
        unknown = ("at", "revision", "pg_dump", "tables", "rows", "bytes", "is_proved")
        return {"backup": path.name, **dict.fromkeys(unknown), "is_whole": False}


def _is_proved(path: Path) -> bool:
    return (path / _PROVED).exists()


def _paths(directory: Path) -> list[Path]:
    def found() -> Iterator[Path]:
        for one in directory.iterdir() if directory.is_dir() else ():
            if one.suffix != _PART and (one / _MANIFEST).is_file():
                yield one

    return sorted(found(), key=lambda path: path.name, reverse=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
