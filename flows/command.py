"""What the commands share: the settings, the warehouse, and the option to print JSON."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from flows import stack
from gitinsight import logs
from gitinsight.settings import Settings
from warehouse.engine import Engine, make_engine

JSON = typer.Option("--json", help="Print JSON.")


def read_settings() -> Settings:
    found = Settings()
    logs.configure("WARNING" if found.log_level == "INFO" else found.log_level)
    return found


@contextmanager
def warehouse() -> Iterator[tuple[Settings, Engine]]:
    with stack.warehouse(read_settings()) as (told, _):
        engine = make_engine(told.warehouse_url, process="cli", pool_size=4)
        try:
            yield told, engine
        finally:
            engine.dispose()
