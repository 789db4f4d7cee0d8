"""What a person reads in Prefect's UI about one analysis: its result, its checks, what is missing.

Artifacts of one key are versions of one another, so that the page of a repository shows how it has
changed. None of it is data: everything is read from the warehouse again.
"""

import json
import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate

from flows.progress import figures
from flows.tables import cell
from gitinsight import logs
from gitinsight.errors import first_line
from warehouse import ledger
from warehouse.engine import Connection, Engine
from warehouse.jobs import Job

_LOG = logs.get(__name__)
_UNSAFE = re.compile(r"[^a-z0-9]+")
_MARKUP = re.compile(r"([\\`*\[\]|])")
RESULT, QUALITY, COMPLETENESS = "result", "quality", "completeness"


def publish(engine: Engine, job: Job, full_name: str, *, flow_run_id: UUID) -> None:
    """Show them beside the run. The job has ended: what goes wrong here does not change how."""
    try:
        with engine.begin() as connection:
            made = make(connection, job, full_name, flow_run_id=flow_run_id)
        with get_client(sync_client=True) as client:
            for one in made:
                client.create_artifact(one)
    except Exception as error:  # noqa: BLE001 - an edge: whatever Prefect or its network raises
        _LOG.warning("artifacts_not_published", job_id=str(job.job_id), reason=first_line(error))


def make(
    connection: Connection, job: Job, full_name: str, *, flow_run_id: UUID
) -> list[ArtifactCreate]:
    def one(what: str, kind: str, data: str, told: str) -> ArtifactCreate:
        return ArtifactCreate(
            key=key(what, job.repository_id, full_name), type=kind, data=data, description=told,
            flow_run_id=flow_run_id,
        )  # fmt: skip

    checks = [
        one for one in ledger.quality(connection, job.repository_id) if one["job_id"] == job.job_id
    ]
    entries = ledger.completeness(connection, job.repository_id)
    return [
        one(
            RESULT, "table", _table(_result(connection, job)),
            f"**{full_name}**: {job.state} (job `{job.job_id}`)",
        ),
        one(QUALITY, "markdown", _quality(full_name, checks), f"checks of **{full_name}**"),
        one(
            COMPLETENESS, "table", _table([_entry(one) for one in entries]),
            f"what GitHub has of **{full_name}**, what is held, and why they differ",
        ),
    ]  # fmt: skip


def key(what: str, repository_id: int, full_name: str) -> str:
    """Names may be alike once what a key cannot have is left out; the id never is."""
    return f"{what}-{repository_id}-{_UNSAFE.sub('-', full_name.lower()).strip('-')}"


def _result(connection: Connection, job: Job) -> list[dict[str, str]]:
    rows = {"state": job.state, "reason": job.reason or "-", **figures(connection, job)}
    outcome = job.outcome or {}
    rows |= {f"seconds of {stage}": str(took) for stage, took in outcome.get("seconds", {}).items()}
    if job.error_detail:
        rows["error"] = f"{job.error_type}: {job.error_detail}"
    return [{"what": name, "value": value} for name, value in rows.items()]


def _entry(entry: dict[str, Any]) -> dict[str, str]:
    return {
        "thing": entry["thing"], "state": entry["state"],
        "GitHub has": cell(entry["upstream_count"]), "held": cell(entry["held_count"]),
        "why": entry["reason"] or "",
    }  # fmt: skip


def _quality(full_name: str, checks: Sequence[dict[str, Any]]) -> str:
    if not checks:
        return (
            f"# {full_name}\n\nNothing was checked: nothing had changed, or it did not come so far."
        )
    failed = [one for one in checks if one["status"] == "failed"]
    passed = sum(one["status"] == "passed" for one in checks)
    lines = [f"# {full_name}", "", f"{len(checks)} checks, {passed} passed, {len(failed)} failed."]
    if failed:
        blocking = [one for one in failed if one["severity"] == "block"]
        told = "Nothing was published." if blocking else "Figures were published, with a warning."
        lines += ["", told, "", *_lines(sorted(failed, key=lambda one: one["severity"]))]
    return "\n".join(lines)


def _lines(failed: Iterable[dict[str, Any]]) -> list[str]:
    names = ("severity", "check_name", "subject", "failures", "observed", "expected")
    head = ["| " + " | ".join(one.replace("_", " ") for one in names) + " |"]
    rule = ["|" + "---|" * len(names)]
    return head + rule + [
        "| " + " | ".join(_safe(cell(one[name])) for name in names) + " |" for one in failed
    ]  # fmt: skip


def _safe(text: str) -> str:
    """Prefect reads every cell as Markdown, and names and values come from repositories: none of
    it is markup. A lone hyphen would be a list.
    """
    line = _MARKUP.sub(r"\\\1", escape(" ".join(text.split()), quote=False))
    return "–" if line == "-" else line  # noqa: RUF001 - a dash


def _table(rows: Sequence[dict[str, str]]) -> str:
    return json.dumps([{name: _safe(value) for name, value in row.items()} for row in rows])
