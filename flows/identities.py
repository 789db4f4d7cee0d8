"""The commands about identities: which may be one person, what a merge changes, and merging."""

from dataclasses import asdict
from getpass import getuser
from typing import Annotated

import typer

from flows import merge_preview
from flows.command import JSON, warehouse
from flows.tables import OUT, show
from gitinsight import clock
from models.identity_matches import suggest
from warehouse import identities, repositories

app = typer.Typer(
    help="Which accounts and addresses are one person: suggested, merged, taken back.",
    no_args_is_help=True,
)
_BY = typer.Option(default_factory=getuser, show_default="this user", help="Who says so.")


@app.command("suggest")
def suggest_merges(
    full_name: Annotated[str | None, typer.Argument(help="OWNER/NAME; else all.")] = None,
    *,
    least: Annotated[float, typer.Option(min=0, max=1, help="The lowest score.")] = 0.8,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Which may be one person, and what speaks for it; nothing is merged by that."""
    rows = []
    with warehouse() as (_, engine), engine.begin() as connection:
        those = (
            [repositories.by_name(connection, full_name)]
            if full_name
            else repositories.search(connection, limit=10_000)
        )
        for one in those:
            for found in suggest(identities.in_repository(connection, one.repository_id)):
                if found.score >= least:
                    told = "; ".join(f"{each.rule}: {each.value}" for each in found.evidence)
                    rows.append(
                        {
                            "repository": one.full_name, "alias": found.alias,
                            "person": found.person, "score": found.score, "evidence": told,
                        }
                    )  # fmt: skip
    show(rows, as_json=as_json)


@app.command("list")
def list_merges(
    *,
    all_: Annotated[bool, typer.Option("--all", help="Those that were taken back, too.")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """The merges that hold: who made them, when and why."""
    with warehouse() as (_, engine), engine.begin() as connection:
        rows = [asdict(one) for one in identities.merges(connection, ended=all_)]
    show(rows, as_json=as_json)


@app.command("preview")
def preview(alias: str, person: str, *, as_json: Annotated[bool, JSON] = False) -> None:
    """Which figures a merge would move, without making it: all figures are made as if it held."""
    with warehouse() as (settings, engine):
        found = merge_preview.moves(settings, engine, alias, person)
    if found or as_json:
        show([asdict(one) for one in found], as_json=as_json)
    else:
        OUT.print("no metric moves")


@app.command("merge")
def merge(
    alias: str,
    person: str,
    *,
    reason: Annotated[str, typer.Option(help="Why, for whoever asks later.")],
    by: Annotated[str, _BY],
) -> None:
    """Say that an account or an address is another one's; figures follow with the next analysis."""
    with warehouse() as (_, engine), engine.begin() as connection:
        concerned = identities.merge(
            connection, alias, person, reason=reason, by=by, at=clock.now()
        )
    OUT.print(f"{alias} is {person}, from the next analysis of {len(concerned)} repositories on")


@app.command("unmerge")
def unmerge(alias: str, *, by: Annotated[str, _BY]) -> None:
    """Take a merge back; figures become what they were, with the next analysis."""
    with warehouse() as (_, engine), engine.begin() as connection:
        concerned = identities.unmerge(connection, alias, by=by, at=clock.now())
    OUT.print(f"{alias} stands alone, from the next analysis of {len(concerned)} repositories on")
