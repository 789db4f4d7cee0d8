"""The dbt project, as dbt compiles it: once for each version of its files."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from graphlib import TopologicalSorter
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime.state import write_whole
from warehouse.project import PREFIX, Column, Node, Project

_INSTALLED = Path(__file__).parent / "dbt_project"
DIRECTORY = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[1] / "dbt"
"""The project: in a wheel beside the flows, in a checkout at its top."""
_DBT = str(Path(sys.executable).with_name("dbt"))
_PARTS = ("models", "macros", "seeds", "tests")
_FORM = 1
"""Counts the changes of what is kept of a project."""
_ANALYZE = "analyze {{ this }}"
_PREFIX = "GITINSIGHT_DBT_SCHEMA_PREFIX"


def compiled(home: Path, *, directory: Path = DIRECTORY) -> Project:
    """The project as its files say now. BrokenEnvironment where dbt cannot read it, or where it
    asks for what nobody here can do.
    """
    return _read(_kept("compiled", home, directory, _compiled))


def manifest(home: Path, *, directory: Path = DIRECTORY) -> dict[str, Any]:
    """All that dbt knows of the project, without a database."""
    found: dict[str, Any] = json.loads(_kept("manifest", home, directory, _parsed).read_bytes())
    return found


def site(target: Path, environment: Mapping[str, str]) -> Path:
    """What dbt knows of the project and of the tables that it has built, as one page that needs no
    server: descriptions, columns, lineage, who reads what.
    """
    target.mkdir(parents=True, exist_ok=True)
    run(target, "docs", "generate", "--static", environment=environment)
    return target / "static_index.html"


def run(
    target: Path, *command: str, environment: Mapping[str, str] | None = None,
    directory: Path = DIRECTORY,
) -> None:  # fmt: skip
    """A command of dbt to its end, with what dbt keeps in ``target``."""
    done = subprocess.run(  # noqa: S603 - our own interpreter, no shell
        [
            _DBT, "--quiet", "--no-use-colors", "--log-path", str(target), *command,
            "--project-dir", str(directory), "--profiles-dir", str(directory),
            "--target-path", str(target),
        ],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise BrokenEnvironment(f"dbt does not {command[0]} {directory}", done.stdout.strip())


def _version(directory: Path) -> str:
    """Digest of all that the compiled SQL is made from."""
    digest = sha256(f"{_FORM} {version('dbt-core')} {version('dbt-postgres')}".encode())
    files = [directory / "dbt_project.yml", directory / "profiles.yml"]
    files += (one for part in _PARTS for one in (directory / part).rglob("*") if one.is_file())
    for path in sorted(files):
        body = path.read_bytes() if path.is_file() else b""
        digest.update(f"{path.relative_to(directory)} {len(body)} ".encode() + body)
    return digest.hexdigest()[:16]


@lru_cache(2)
def _read(place: Path) -> Project:
    return msgspec.json.decode(place.read_bytes(), type=Project)


def _writable(place: Path) -> Path | None:
    try:
        place.mkdir(exist_ok=True)
    except OSError:
        return None
    return place if os.access(place, os.W_OK) else None


def _kept(kind: str, home: Path, directory: Path, make: Callable[[str, Path], bytes]) -> Path:
    """What dbt has made of the files as they are now; it is kept beside them, or in ``home`` where
    they cannot be written.
    """
    told = _version(directory)
    name = f"{kind}-{told}.json"
    for place in (directory / "target", home):
        if (place / name).is_file():
            return place / name
    place = _writable(directory / "target") or home
    place.mkdir(parents=True, exist_ok=True)
    with (place / "compiling.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one process compiles, and the others read what it made
        if not (place / name).is_file():
            _keep(make(told, directory), place / name, kind)
    return place / name


def _keep(body: bytes, path: Path, kind: str) -> None:
    """What was kept of earlier files goes."""
    for other in path.parent.glob(f"{kind}-*.json"):
        other.unlink()
    write_whole(path, body)


def _compiled(told: str, directory: Path) -> bytes:
    return msgspec.json.encode(Project(told, tuple(_nodes(_compile(directory), directory))))


def _parsed(_told: str, directory: Path) -> bytes:
    with TemporaryDirectory() as scratch:
        run(Path(scratch), "parse", directory=directory)
        return Path(scratch, "manifest.json").read_bytes()


def _compile(directory: Path) -> dict[str, Any]:
    with TemporaryDirectory() as scratch:
        run(
            Path(scratch), "compile", "--no-introspect", "--no-populate-cache",
            "--exclude", "resource_type:unit_test",
            environment={**os.environ, _PREFIX: PREFIX, "DO_NOT_TRACK": "1"},
            directory=directory,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(Path(scratch, "manifest.json").read_bytes())
    return found


def _nodes(told: Mapping[str, Any], directory: Path) -> Iterator[Node]:
    nodes: dict[str, dict[str, Any]] = told["nodes"]
    needs = {
        name: [one for one in node["depends_on"].get("nodes", ()) if one in nodes]
        for name, node in nodes.items()
    }
    for name in TopologicalSorter(needs).static_order():
        yield _node(nodes[name], needs[name], directory)


def _node(told: Mapping[str, Any], needs: list[str], directory: Path) -> Node:
    config, kind = told["config"], told["resource_type"]
    _check(told)
    # Of whichever database the session is.
    query = str(told.get("compiled_code")).replace(f'"{told["database"]}".', "")
    if kind == "test":
        return Node(
            told["unique_id"], told["name"], "test", query, tuple(needs),
            (told.get("attached_node") or told["unique_id"]).rsplit(".", 1)[-1],
            severity=config["severity"].lower(), counted=config["fail_calc"],
            fails_if=config["error_if" if config["severity"].lower() == "error" else "warn_if"],
        )  # fmt: skip
    types = {name: one["data_type"] or "" for name, one in told["columns"].items()}
    types |= config["column_types"]
    is_seed = kind == "seed"
    return Node(
        told["unique_id"], told["name"], kind,
        (directory / told["original_file_path"]).read_text("utf-8")
        if is_seed else query,
        tuple(needs), told["name"], told["schema"].removeprefix(PREFIX),
        is_view=config["materialized"] == "view",
        comment=told["description"],
        columns=tuple(
            Column(
                name, types[name],
                any(one["type"] == "not_null" for one in column["constraints"]),
                column["description"],
            )
            for name, column in told["columns"].items()
        ),
        has_contract=not is_seed and told["contract"]["enforced"],
        key=tuple(
            column
            for one in told.get("constraints", ()) if one["type"] == "primary_key"
            for column in one["columns"]
        ),
        indexes=tuple(
            (one.get("unique", False), tuple(one["columns"])) for one in config.get("indexes") or ()
        ),
    )  # fmt: skip


def _check(told: Mapping[str, Any]) -> None:
    """That nothing is asked for which ``warehouse/project.py`` would not do."""
    config = told["config"]
    constraints = [*told.get("constraints", ())]
    constraints += (one for column in told["columns"].values() for one in column["constraints"])
    hooks = [one["sql"] for key in ("pre-hook", "post-hook") for one in config.get(key) or ()]
    asked = {
        f"materialized {config['materialized']}":
            config["materialized"] not in {"view", "table", "seed", "test"},
        f"hooks {hooks}": any(one != _ANALYZE for one in hooks),
        "a limit of what a test finds": config.get("limit") is not None,
        "failures that are stored": bool(config.get("store_failures")),
        "grants": bool(config.get("grants")),
        f"constraints {constraints}":
            any(one["type"] not in {"not_null", "primary_key"} for one in constraints),
        "an alias": told["resource_type"] != "test" and told["alias"] != told["name"],
    }  # fmt: skip
    for what, is_asked in asked.items():
        if is_asked:
            raise BrokenEnvironment(
                f"{told['unique_id']} asks for {what}", "warehouse/project.py does not do that"
            )
