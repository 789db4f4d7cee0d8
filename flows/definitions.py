"""The commands about what figures mean: the catalogue, the tables, what another version changes."""

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from flows.command import JSON, warehouse, written
from flows.project import site
from flows.steps.transform import environment
from flows.tables import OUT, show
from gitinsight.errors import NotFound
from gitinsight.metrics import catalogue
from warehouse import impact
from warehouse.engine import address
from warehouse.impact import Move

app = typer.Typer()


@app.command("metrics")
def list_metrics(
    metric: Annotated[str | None, typer.Argument(help="One, bus-factor or bus-factor@1.")] = None,
    *,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """What each figure means and how it is made; one with its formula."""
    if metric is None:
        rows = [
            {"metric": one.definition, "title": one.title, "unit": one.unit, "words": one.words}
            for one in catalogue.metrics().values()
        ]
        show(rows, as_json=as_json)
        return
    found = catalogue.version(metric)
    told = found.model_dump(mode="json")
    if as_json:
        OUT.print_json(data=told)
        return
    for name, value in told.items():
        if name != "formula" and value:
            OUT.print(f"{name}: {_plain(value)}", markup=False, soft_wrap=True)
    OUT.print(f"\n{found.formula}", markup=False, soft_wrap=True)


@app.command("impact")
def show_impact(
    old: Annotated[str, typer.Argument(help="METRIC@1")],
    new: Annotated[str, typer.Argument(help="METRIC@2")],
    *,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Which repositories move from one version of a metric to another, and by how much."""
    for one in (old, new):
        if "@" not in one:
            raise NotFound(f"metric {one} without a version, METRIC@1,")
    before, after = catalogue.version(old), catalogue.version(new)
    with warehouse() as (_, engine), engine.connect() as connection:
        found = impact.moves(connection, before, after)
    moved = [one for one in found if one.kind not in {"same", "unknown"}]
    rows = [asdict(one) | {"change": one.change, "kind": one.kind} for one in moved]
    if as_json:
        show(rows, as_json=True)
        return
    if rows:
        show(rows)
    OUT.print(_summary(found))


@app.command("docs")
def write_docs(
    output: Annotated[
        Path | None, typer.Option(help="A file; else in the state directory.")
    ] = None,
) -> None:
    """Write one page for a browser: every table and column, where it comes from, who reads it."""
    with warehouse() as (settings, engine):
        page = site(settings.state_dir / "dbt-docs", environment(address(engine)))
        if output is not None:
            with page.open("rb") as made, written(output) as file:
                shutil.copyfileobj(made, file)
            page = output
    OUT.print(str(page), soft_wrap=True)


def _summary(found: list[Move]) -> str:
    kinds = [one.kind for one in found]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in impact.KINDS if kind in kinds)
    return f"of {len(found)}: {counts}" if found else "no repository is analysed yet"


def _plain(value: object) -> str:
    """Lists and records as lines below their name."""
    if isinstance(value, list):
        return "".join(f"\n  - {_plain(one)}" for one in value)
    if isinstance(value, dict):
        return "".join(f"\n  {name}: {_inline(one)}" for name, one in value.items())
    return str(value)


def _inline(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
