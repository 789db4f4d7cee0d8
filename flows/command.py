"""What the commands share: the settings, the warehouse, and the option to print JSON."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import typer

from flows import stack
from gitinsight import logs
from gitinsight.errors import BrokenEnvironment
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


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file, whole or not at all: what was there before stays until then. What is no file, such
    as a pipe, is written to as it is.
    """
    place = path.resolve()
    is_file = place.is_file() or not place.exists()
    part = place.with_name(f"{place.name}.part") if is_file else place
    try:
        with part.open("wb") as file:
            yield file
        if is_file:
            part.replace(place)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BrokenEnvironment(
            f"{path} cannot be written: {reason}", "name another file by --output"
        ) from error
    finally:
        if is_file:
            with suppress(OSError):
                part.unlink()
