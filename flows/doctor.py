"""The command that says what is wrong and what mends it, and how things are."""

import shutil
from dataclasses import asdict
from typing import Annotated

import typer

from flows import findings, forecast, vitals
from flows.command import JSON, read_settings, warehouse
from flows.tables import OUT, show
from gitinsight import clock
from gitinsight.runtime import state
from gitinsight.settings import Settings, explain
from warehouse.engine import UNREACHABLE

app = typer.Typer()


@app.command()
def doctor(*, as_json: Annotated[bool, JSON] = False) -> None:
    """What is wrong and the command that mends it; then what is configured and from where, what
    runs, how much memory it uses, and how the warehouse grows.

    Ends with 1 where something does not work, with 3 where something should be looked at.
    """
    settings = read_settings()
    state.prepare(settings.state_dir, needed_bytes=0)
    found = findings.look(settings)
    if as_json:
        show([asdict(one) for one in found], as_json=True)
    else:
        show(explain(settings))
        _runs(settings)
        _grows(settings, found)
        show([asdict(one) | {"mend": one.mend or ""} for one in found])
    raise typer.Exit(findings.exit_code(found))


def _runs(settings: Settings) -> None:
    rows = vitals.memory_rows(settings)
    if rows:
        show(rows)
        OUT.print("rss counts shared memory in every process that shares it, pss counts it once")
    else:
        OUT.print("nothing runs; start it with `gitinsight up`")


def _grows(settings: Settings, found: list[findings.Finding]) -> None:
    is_embedded = settings.warehouse.url is None
    if is_embedded and not vitals.is_up(settings):
        OUT.print("how the warehouse grows is told while it runs")
        return
    if any(one.level == "error" and one.what in {"warehouse", "migrations"} for one in found):
        return
    try:
        with warehouse() as (_, engine):
            grown = forecast.read(engine, settings.retention, at=clock.now())
    except UNREACHABLE:
        return  # it has gone since it was looked at
    show(forecast.rows(grown))
    free_bytes = shutil.disk_usage(settings.state_dir).free if is_embedded else None
    OUT.print(forecast.full(grown, free_bytes))
