"""The commands about trained models: which are in use, and training them anew."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from flows.command import JSON, warehouse
from flows.tables import show
from gitinsight import clock
from warehouse import registry

app = typer.Typer()


@app.command("models")
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
