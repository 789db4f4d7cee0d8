"""One process of the stack, alone: what a container or a unit of systemd runs.

It becomes the program that the stack would start, and is told what the stack would tell it. What
it needs is there: PostgreSQL and its tables, and Prefect's server for a worker.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from flows import stack
from flows.command import read_settings
from gitinsight.runtime import state
from gitinsight.settings import Settings
from warehouse import databases

app = typer.Typer()
PartName = Literal["api", "catalog", "prefect", "worker"]
Part = tuple[Sequence[str], Mapping[str, str]]
_HERE = "127.0.0.1"
_CATALOG_PORT, _HEALTH_PORT = 3000, 8080


@app.command()
def run(
    part: Annotated[PartName, typer.Argument(help="Which one.")],
    *,
    host: Annotated[str | None, typer.Option(help="Where it listens; else as configured.")] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="A worker says there, at /health, that it is well."),
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Where browsers reach Prefect, if not where it listens.")
    ] = None,
) -> None:
    """Run one part of the stack alone, as containers do; nothing else is started."""
    settings = read_settings()
    _ = settings.warehouse_url  # each of them needs it, and says less well that it is not told
    state.prepare(settings.state_dir)
    command, environment = part_of(settings, part, host=host, port=port)
    if public_url is not None:
        told = {"PREFECT_UI_URL": public_url, "PREFECT_UI_API_URL": f"{public_url}/api"}
        environment = {**environment, **told}
    os.execve(command[0], list(command), dict(environment))  # noqa: S606 - programs of our own


def part_of(settings: Settings, part: PartName, *, host: str | None, port: int | None) -> Part:
    """The program that it is, and everything that this is told."""
    return _PARTS[part](settings, host, port)


def _api(settings: Settings, host: str | None, port: int | None) -> Part:
    environment = _told(settings, {"GITINSIGHT_API__HOST": host, "GITINSIGHT_API__PORT": port})
    return [sys.executable, "-m", "api.serve"], environment


def _worker(settings: Settings, host: str | None, port: int | None) -> Part:
    health: dict[str, str | int | None] = {
        "PREFECT_RUNNER_SERVER_ENABLE": "true",
        "PREFECT_RUNNER_SERVER_HOST": host or _HERE,
        "PREFECT_RUNNER_SERVER_PORT": port or _HEALTH_PORT,
    }
    return [sys.executable, "-m", "flows.worker"], _told(settings, health)


def _prefect(settings: Settings, host: str | None, port: int | None) -> Part:
    """Its records are in a database of its own, on the server of the warehouse."""
    url = databases.beside(settings.warehouse_url, "prefect")
    driver = url.replace("postgresql://", "postgresql+asyncpg://", 1)
    environment = _told(settings, {"PREFECT_API_DATABASE_CONNECTION_URL": driver})
    environment.pop("PREFECT_API_URL")  # which would be somebody else's server
    orchestrator = settings.orchestrator
    return [
        _program("prefect"), "server", "start", "--host", host or orchestrator.host,
        "--port", str(port or orchestrator.port),
    ], environment  # fmt: skip


def _catalog(settings: Settings, host: str | None, port: int | None) -> Part:
    home = settings.state_dir / "dagster"
    home.mkdir(exist_ok=True)
    url = databases.beside(settings.warehouse_url, "dagster")
    (home / "dagster.yaml").write_text(stack.dagster_instance(settings, url), "utf-8")
    return [
        _program("dagster"), "dev", "--module-name", "flows.catalog", "--host", host or _HERE,
        "--port", str(port or _CATALOG_PORT),
    ], _told(settings, {"DAGSTER_HOME": str(home)})  # fmt: skip


_PARTS: dict[PartName, Callable[[Settings, str | None, int | None], Part]] = {
    "api": _api, "catalog": _catalog, "prefect": _prefect, "worker": _worker,
}  # fmt: skip


def _told(settings: Settings, more: Mapping[str, str | int | None]) -> dict[str, str]:
    given = {name: str(value) for name, value in more.items() if value is not None}
    return stack.environment_of(settings) | given


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
