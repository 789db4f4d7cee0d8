"""The commands about whom persons worked for."""

import csv
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from flows.command import JSON, warehouse
from flows.tables import OUT, show
from gitinsight import clock
from gitinsight.errors import BrokenEnvironment
from warehouse import affiliations
from warehouse.affiliations import Affiliation

app = typer.Typer(help="Whom persons worked for, from day to day.", no_args_is_help=True)
_COLUMNS = ("subject", "organisation", "from_day", "to_day", "source")


@app.command("list")
def list_affiliations(*, as_json: Annotated[bool, JSON] = False) -> None:
    """What is held: of accounts, addresses and @domains."""
    with warehouse() as (_, engine), engine.begin() as connection:
        rows = [asdict(one) for one in affiliations.held(connection)]
    show(rows, as_json=as_json)


@app.command("set")
def set_affiliation(
    subject: Annotated[str, typer.Argument(help="An account, an address or @domain.")],
    organisation: str,
    *,
    from_: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"])] = None,
    to: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"])] = None,
    source: Annotated[str, typer.Option(help="Who says so.")],
) -> None:
    """Say whom somebody worked for, both days included; an account says more than an address, and
    that more than a domain.
    """
    said = Affiliation(
        subject, organisation, from_.date() if from_ else None, to.date() if to else None, source
    )
    _add([said])


@app.command("unset")
def unset_affiliation(subject: str) -> None:
    """Forget whom an account, an address or a domain worked for."""
    with warehouse() as (_, engine), engine.begin() as connection:
        concerned = affiliations.unset(connection, subject, at=clock.now())
    OUT.print(f"forgotten; the next analysis of {len(concerned)} repositories follows")


@app.command("import")
def import_affiliations(
    file: Annotated[Path, typer.Argument(help=f"A CSV with {', '.join(_COLUMNS)}.")],
) -> None:
    """Say all that a file says, or nothing where a line of it is wrong; a day may be empty."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            said = list(_read(lines))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise BrokenEnvironment(
            f"{file} cannot be read: {reason}", "name a CSV in UTF-8"
        ) from error
    _add(said)


def _add(said: list[Affiliation]) -> None:
    with warehouse() as (_, engine), engine.begin() as connection:
        concerned = affiliations.add(connection, said, at=clock.now())
    OUT.print(
        f"{len(said)} affiliations held; the next analysis of {len(concerned)} repositories follows"
    )


def _read(lines: Iterator[str]) -> Iterator[Affiliation]:
    rows = csv.DictReader(lines)
    if missing := set(_COLUMNS) - set(rows.fieldnames or ()):
        raise BrokenEnvironment(
            f"the file has no column {', '.join(sorted(missing))}",
            f"its first line is {','.join(_COLUMNS)}",
        )
    for row in rows:
        told = {name: (row[name] or "").strip() for name in _COLUMNS}
        try:
            first, last = (
                date.fromisoformat(told[one]) if told[one] else None
                for one in ("from_day", "to_day")
            )
        except ValueError as error:
            raise BrokenEnvironment(
                f"line {rows.line_num}: {error}", "give days as 2026-01-31"
            ) from error
        if not (told["subject"] and told["organisation"] and told["source"]):
            raise BrokenEnvironment(
                f"line {rows.line_num} leaves something out",
                "give a subject, an organisation and a source",
            )
        yield Affiliation(told["subject"], told["organisation"], first, last, told["source"])
