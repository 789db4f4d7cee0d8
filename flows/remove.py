"""Removes a repository by the command line, with a worker or without one."""

import time
from dataclasses import asdict
from typing import Annotated

import typer

from flows.command import JSON, warehouse
from flows.removals import drop_mirrors
from flows.tables import ERR, OUT, show
from gitinsight import clock
from gitinsight.errors import NotFound
from gitinsight.principal import ADMIN
from warehouse import removal, repositories, tombstones, workers
from warehouse.engine import Connection, Engine
from warehouse.repositories import Repository
from warehouse.tombstones import Tombstone

app = typer.Typer()
_LATER = 75
_POLL_SECONDS = 0.5
_STOPS_WITHIN_SECONDS = 15.0
"""A job that is cancelled has ended by then, unless its worker died."""


@app.command("remove")
def remove_repository(
    full_name: Annotated[str, typer.Argument(help="OWNER/NAME.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Follow a repository no more, and erase everything that is held of it."""
    with warehouse() as (settings, engine):
        with engine.begin() as connection:
            known = _known(connection, full_name)
        name = known.full_name  # as it is called now
        if dry_run:
            found = removal.preview(engine, known.repository_id)
            show([{"table": one, "rows": count} for one, count in found.items()], as_json=as_json)
            ERR.print("nothing was changed")
            return
        if isinstance(known, Tombstone):  # somebody has begun
            tombstone = known
        else:
            if not yes:
                typer.confirm(
                    f"Erase everything that is held of {name}? It cannot be taken back.",
                    abort=True, err=True,
                )  # fmt: skip
            tombstone = removal.begin(engine, known.repository_id, by=ADMIN.name, at=clock.now())
        done = _erase(engine, tombstone)
        if done is None:
            ERR.print(
                f"{name} is followed no more; {_who(engine)} erases what is left of it",
                soft_wrap=True,
            )
            raise typer.Exit(_LATER)
        drop_mirrors(engine, settings.state_dir)
    if as_json:
        show([asdict(done)], as_json=True)
    else:
        OUT.print(f"nothing is left of {name}: {done.rows_count} rows were deleted")


@app.command("removals")
def list_removals(*, as_json: Annotated[bool, JSON] = False) -> None:
    """What was removed, by whom, and whether something is left of it."""
    with warehouse() as (_, engine), engine.begin() as connection:
        rows = [
            {
                "repository": one.full_name, "repository_id": one.repository_id,
                "requested_at": one.requested_at, "requested_by": one.requested_by,
                "erased_at": one.erased_at, "rows": one.rows_count, "lifted_at": one.lifted_at,
            }
            for one in tombstones.recent(connection)
        ]  # fmt: skip
    show(rows, as_json=as_json)


def _known(connection: Connection, full_name: str) -> Repository | Tombstone:
    """One that is followed, else what stands for it while it is erased."""
    try:
        return repositories.by_name(connection, full_name)
    except NotFound:
        for one in tombstones.pending(connection):
            if one.full_name.lower() == full_name.lower():
                return one
        raise


def _erase(engine: Engine, tombstone: Tombstone) -> Tombstone | None:
    """As soon as no job works at it; None where one goes on for longer than it may."""
    deadline = time.monotonic() + _STOPS_WITHIN_SECONDS
    while (done := removal.erase(engine, tombstone)) is None and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return done


def _who(engine: Engine) -> str:
    with engine.begin() as connection:
        is_up = workers.places(connection, at=clock.now()) > 0
    if is_up:
        return "a worker waits for its job to end, and"
    return "no worker is up: the next one that starts, or the same command in a minute,"
