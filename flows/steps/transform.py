"""Runs dbt for one repository, node by node, and reads what its tests found."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flows.steps.run import Run
from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime.process import dies_with_parent
from gitinsight.settings import DeliverySettings
from warehouse.engine import Address, address
from warehouse.quality import Check

_INSTALLED = Path(__file__).parents[1] / "dbt_project"
PROJECT = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[2] / "dbt"
"""The dbt project: in a wheel beside the flows, in a checkout at its top."""
_DBT = str(Path(sys.executable).with_name("dbt"))
_SHOWN_LINES = 5


def transform(run: Run) -> list[Check]:
    """Build staging, intermediate and candidate marts of this repository with their tests.

    A child process: dbt's memory goes when it is done, and a cancelled job can end it.
    """
    target = run.state_dir / "dbt"
    found = build(
        target, environment(address(run.warehouse)) | job_environment(run), excluded=("unit_test",),
        tell=partial(_tell, run),
    )  # fmt: skip
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))["nodes"]
    return [_check(one, manifest) for one in found]


def build(
    target: Path, environment: Mapping[str, str], *, excluded: Iterable[str],
    tell: Callable[[Mapping[str, Any]], None],
) -> list[dict[str, Any]]:  # fmt: skip
    """Build the project but for nodes of these kinds, with what dbt keeps in ``target``; the result
    of each node. ``tell`` is called with every event.
    """
    target.mkdir(parents=True, exist_ok=True)
    arguments = [
        _DBT, "--log-format", "json",
        "--log-path", str(target), "--no-use-colors", "build",
        "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
        "--target-path", str(target),
        *(word for kind in excluded for word in ("--exclude-resource-type", kind)),
    ]  # fmt: skip
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    last: deque[str] = deque(maxlen=_SHOWN_LINES)
    with subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
        arguments, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509 - two of it would mix figures
    ) as process:  # fmt: skip
        try:
            for event in _events(process, last):
                tell(event)
            process.wait()
        finally:
            process.kill()
    if not results.exists():
        raise BrokenEnvironment(
            f"dbt ended with {process.returncode}: {' / '.join(last)}", f"see {target}/dbt.log"
        )
    found: list[dict[str, Any]] = json.loads(results.read_text("utf-8"))["results"]
    return found


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


def _events(process: "subprocess.Popen[str]", last: deque[str]) -> Iterator[dict[str, Any]]:
    if process.stdout is None:
        return
    for line in process.stdout:
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            last.append(line.strip())
            continue
        if event.get("info", {}).get("level") in {"error", "warn"}:
            last.append(str(event["info"].get("msg", "")).strip())
        yield event


def _tell(run: Run, event: Mapping[str, Any]) -> None:
    """Progress by model, not by test: there are a hundred of those, of milliseconds each."""
    if event.get("info", {}).get("name") != "LogModelResult":
        return
    facts = event["data"]
    run.announce(
        "transform", resource=str(facts["node_info"]["node_name"]), done=int(facts["index"]),
        total=int(facts["total"]),
    )  # fmt: skip


def _check(result: Mapping[str, Any], manifest: Mapping[str, Any]) -> Check:
    """A model that fails blocks like a test that fails."""
    node = manifest.get(result["unique_id"], {})
    severity = str(node.get("config", {}).get("severity", "error")).lower()
    attached = node.get("attached_node") or result["unique_id"]
    is_good = result["status"] in {"pass", "success"}
    return Check(
        check_name=f"{node.get('resource_type', 'node')}.{node.get('name', result['unique_id'])}",
        tool="dbt",
        subject=attached.rsplit(".", 1)[-1],
        severity="warn" if severity == "warn" else "block",
        status="passed" if is_good else "skipped" if result["status"] == "skipped" else "failed",
        failures=result.get("failures"),
        observed=None if is_good else str(result.get("message") or "")[:500],
    )
