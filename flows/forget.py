"""Forgets a person: out of the warehouse and of the state directory, with proof, and for good."""

import mmap
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from flows.command import JSON, warehouse
from flows.tables import ERR, OUT, show
from gitinsight import clock
from gitinsight.clock import Clock
from gitinsight.git.mirror import Mirror
from gitinsight.veil import Ghost
from warehouse import erasure, forgotten, past, proofs, publish
from warehouse.engine import Engine, session_lock
from warehouse.erasure import Changes
from warehouse.forgotten import Person

app = typer.Typer()
_NOT_TEXT = {"postgres", "mirrors", "simulator"}
"""The database, which is asked by SQL; packed git objects; a GitHub of its own."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """``remains`` says where something was found afterwards: rows by column, and files."""

    ghost: Ghost
    changes: Changes
    mirrors: list[str] = field(default_factory=list)
    remains: dict[str, int] = field(default_factory=dict)


@app.command("forget")
def forget_person(
    login: Annotated[str, typer.Argument(help="The account on GitHub.")],
    *,
    email: Annotated[list[str] | None, typer.Option(help="A further address; repeatable.")] = None,
    name: Annotated[list[str] | None, typer.Option(help="A further name; repeatable.")] = None,
    common_word: Annotated[
        bool, typer.Option("--common-word", help="The login is a word, too: it stays as a word.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Erase a person everywhere, and keep him out; a ghost takes his place in every figure."""
    with warehouse() as (settings, engine):
        with engine.begin() as connection:
            person = forgotten.find(
                connection, login, emails=email or (), names=name or (), is_common_word=common_word
            )
        work = preview if dry_run else forget
        done = work(engine, settings.state_dir, person)
    left = [{"where": where, "rows_left": count} for where, count in done.remains.items()]
    changed = [
        {"where": where, "rows": count} for where, count in sorted(done.changes.rows.items())
    ]
    show(changed + left if as_json else changed, as_json=as_json)
    if dry_run:
        ERR.print("nothing was changed")
        return
    if left:
        show(left)
        ERR.print("something was found that names the person: see docs/runbooks/forget-a-person.md")
        raise typer.Exit(1)
    if not as_json:
        OUT.print(f"nothing is left; {done.ghost.login} stands in the person's place")


def forget(
    engine: Engine, state_dir: Path, person: Person, *, now: Clock = clock.now
) -> Erasure:  # fmt: skip
    """Table by table, each a transaction, and at last all that tell who the person is, with the
    look at what remains: one that is ended in the middle is brought to its end by the next. Busy
    where an analysis runs.
    """
    with session_lock(engine, publish.LOCK_KEY), session_lock(engine, past.LOCK_KEY):
        with engine.begin() as connection:
            past.clear(connection)
            ghost = forgotten.remember(connection, person, at=now())
            changes = Changes(proofs.begin(connection, ghost, at=now()))
        with engine.begin() as connection:
            veil = forgotten.load(connection)
            every = erasure.tables(connection)
        asked = [one for one in every if f"{one[0].schema}.{one[0].table}" in forgotten.SOURCES]
        for columns in (one for one in every if one not in asked):
            with engine.begin() as connection:
                found = Changes()
                erasure.erase(connection, columns, {person: ghost}, found, veil=veil)
                if found.rows:
                    erasure.show_change(connection, found)
                    changes.add(found)
                    proofs.note(connection, ghost, changes.rows)
        with engine.begin() as connection:
            for columns in asked:
                erasure.erase(connection, columns, {person: ghost}, changes, veil=veil)
            proofs.note(connection, ghost, changes.rows)
            mirrors = list(_drop_mirrors(state_dir, changes))
            remains = proofs.look(
                connection, ghost, mirrors=mirrors,
                remains=erasure.remains(connection, person) | files_that_name(state_dir, person),
            )  # fmt: skip
        erasure.wipe(engine, changes)
        with engine.begin() as connection:
            proofs.end(connection, ghost, at=now())
    return Erasure(ghost, changes, mirrors, remains)


def preview(engine: Engine, _state_dir: Path, person: Person) -> Erasure:
    """What forgetting would change."""
    ghost, changes = Ghost(0, person.is_common_word), Changes()
    veil = forgotten.preview({person: ghost})
    with engine.begin() as connection:
        for columns in erasure.tables(connection):
            erasure.erase(connection, columns, {person: ghost}, changes, veil=veil, is_dry_run=True)
    return Erasure(ghost, changes)


def files_that_name(state_dir: Path, person: Person) -> dict[str, int]:
    """Files of the state directory that name the person, or whose names do: how often."""
    text = "|".join(erasure.patterns(person))
    named = re.compile(text, re.IGNORECASE)
    written = re.compile(text.encode(), re.IGNORECASE)
    found: dict[str, int] = {}
    for path in sorted(_files(state_dir)):
        count = len(named.findall(path.name)) + _occurrences(path, written.finditer)
        if count:
            found[str(path.relative_to(state_dir))] = count
    return found


def _files(state_dir: Path) -> Iterator[Path]:
    for top in state_dir.iterdir():
        if top.is_file():
            yield top
        elif top.is_dir() and top.name not in _NOT_TEXT:
            yield from (one for one in top.rglob("*") if one.is_file())


def _occurrences(path: Path, find: Callable[[mmap.mmap], Iterator[re.Match[bytes]]]) -> int:
    if path.stat().st_size == 0:
        return 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
        return sum(1 for _ in find(held))


def _drop_mirrors(state_dir: Path, changes: Changes) -> Iterator[str]:
    """A history without one of its authors is another one; a mirror can be fetched anew."""
    for repository_id in sorted(changes.of("raw.git_commits")):
        mirror = Mirror(state_dir / "mirrors" / f"{repository_id}.git", "")
        if mirror.path.exists():
            mirror.discard()
            yield str(repository_id)
