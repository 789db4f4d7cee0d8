"""Runs dbt for one repository, node by node, and reads what its tests found."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flows import dbt_server
from flows.dbt_server import PROJECT, Event, Result
from flows.steps.run import Run
from gitinsight.errors import BrokenEnvironment
from gitinsight.settings import DeliverySettings
from warehouse.engine import Address, address
from warehouse.quality import Check

_DBT = str(Path(sys.executable).with_name("dbt"))


def transform(run: Run) -> list[Check]:
    """Build staging, intermediate and candidate marts of this repository with their tests.

    A child process: dbt's memory goes when it is done, and a cancelled job can end it.
    """
    found = build(
        run.state_dir / "dbt", environment(address(run.warehouse)) | job_environment(run),
        excluded=("unit_test",), tell=partial(_tell, run),
    )  # fmt: skip
    return [_check(one) for one in found]


def build(
    target: Path, environment: Mapping[str, str], *, excluded: Iterable[str],
    tell: Callable[[Event], None],
) -> list[Result]:  # fmt: skip
    """Build the project but for nodes of these kinds; see dbt_server.run. There is nothing to build
    of an exposure.
    """
    words = [word for kind in ("exposure", *excluded) for word in ("--exclude-resource-type", kind)]
    return dbt_server.run(["build", *words], environment, project=PROJECT, target=target, tell=tell)


def project_manifest() -> dict[str, Any]:
    """The dbt project as dbt understands it, without a database."""
    with TemporaryDirectory() as scratch:
        _run(Path(scratch), "parse")
        manifest = Path(scratch, "manifest.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(manifest)
    return found


def site(target: Path, environment: Mapping[str, str]) -> Path:
    """What dbt knows of the project and of the tables that it has built, as one page that needs no
    server: descriptions, columns, lineage, who reads what.
    """
    target.mkdir(parents=True, exist_ok=True)
    _run(target, "docs", "generate", "--static", environment=environment)
    return target / "static_index.html"


def _run(target: Path, *command: str, environment: Mapping[str, str] | None = None) -> None:
    """A command of dbt to its end, with what dbt keeps in ``target``."""
    done = subprocess.run(  # noqa: S603 - our own interpreter, no shell
        [
            _DBT, "--quiet", "--log-path", str(target), *command, "--project-dir", str(PROJECT),
            "--profiles-dir", str(PROJECT), "--target-path", str(target),
        ],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise BrokenEnvironment(f"dbt does not {command[0]} {PROJECT}", done.stdout.strip())


def environment(where: Address) -> dict[str, str]:
    """What the dbt profile reads; the password is in no file and no command line."""
    return {
        **os.environ,
        "GITINSIGHT_DBT_HOST": where.host,
        "GITINSIGHT_DBT_PORT": str(where.port),
        "GITINSIGHT_DBT_USER": where.user,
        "GITINSIGHT_DBT_PASSWORD": where.password,
        "GITINSIGHT_DBT_DATABASE": where.database,
        "DO_NOT_TRACK": "1",
    }


def job_environment(run: Run) -> dict[str, str]:
    """What dbt's macros of a job read, as settings of each of its sessions."""
    return session(
        run.delivery,
        repository_ids=str(run.repository.repository_id),
        as_of=run.as_of.isoformat(),
    )


def session(delivery: DeliverySettings, **settings: str) -> dict[str, str]:
    """Settings of each session of dbt, by their names without our prefix."""
    settings |= {
        "production_environments": ",".join(delivery.production_environments),
        "incident_labels": ",".join(delivery.incident_labels),
    }
    options = (f"-c gitinsight.{name}={_escaped(value)}" for name, value in settings.items())
    return {"PGOPTIONS": " ".join(options)}


def _escaped(value: str) -> str:
    """As PostgreSQL reads its options: a space within a value has a backslash before it."""
    return re.sub(r"([\\\s])", r"\\\1", value)


def _tell(run: Run, event: Event) -> None:
    """Progress by model, not by test: there are a hundred of those, of milliseconds each."""
    run.announce("transform", resource=event["name"], done=event["index"], total=event["total"])


def _check(result: Result) -> Check:
    """A model that fails blocks like a test that fails."""
    is_good = result["status"] in {"pass", "success"}
    return Check(
        check_name=f"{result['resource_type']}.{result['name']}",
        tool="dbt",
        subject=result["subject"].rsplit(".", 1)[-1],
        severity="warn" if result["severity"] == "warn" else "block",
        status="passed" if is_good else "skipped" if result["status"] == "skipped" else "failed",
        failures=result["failures"],
        observed=None if is_good else str(result["message"] or "")[:500],
    )
