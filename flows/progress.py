"""What a person sees while jobs run, and the table that they get in the end."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from gitinsight import errors
from gitinsight.errors import GitInsightError, NotFound
from warehouse import jobs, ledger, marts, repositories
from warehouse.engine import Connection, Engine
from warehouse.jobs import Job

_POLL_SECONDS = 0.25
_STATES = {
    "succeeded": "[green]succeeded[/]", "partial": "[yellow]partial[/]", "failed": "[red]failed[/]",
    "cancelled": "cancelled", "queued": "[yellow]waiting[/]",
}  # fmt: skip
_PARTIAL, _LATER = 3, 75


def follow(engine: Engine, job_ids: Sequence[UUID], console: Console) -> list[Job]:
    """Show every job until it has ended, or is parked because a limit is used up."""
    columns = (
        SpinnerColumn(), TextColumn("{task.fields[name]}"), BarColumn(bar_width=24),
        TextColumn("{task.description}"), TimeElapsedColumn(),
    )  # fmt: skip
    told: dict[UUID, int] = dict.fromkeys(job_ids, 0)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        lines: dict[UUID, TaskID] = {}
        while True:
            with engine.begin() as connection:
                held = [jobs.by_id(connection, job_id) for job_id in job_ids]
                for job in held:
                    if job.job_id not in lines:
                        name = repositories.by_id(connection, job.repository_id).full_name
                        lines[job.job_id] = bar.add_task("queued", name=name, total=None)
                    told[job.job_id] = _show(
                        connection,
                        job,
                        told[job.job_id],
                        bar=bar,
                        line=lines[job.job_id],
                        console=console,
                    )
            if all(_is_over(job) for job in held):
                return held
            time.sleep(_POLL_SECONDS)


def exit_code(ended: Sequence[Job]) -> int:
    """The gravest of what happened."""
    return max((_code(job) for job in ended), key=_gravity, default=0)


def print_results(connection: Connection, ended: Sequence[Job], console: Console) -> None:
    table = Table(title="GitInsight", title_justify="left", header_style="bold")
    table.add_column("repository")
    table.add_column("state")
    for name in (
        "issues", "pull requests", "commits", "people", "first answer", "merged after",
        "bus factor", "coverage", "requests",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    for job in ended:
        table.add_row(*_row(connection, job))
    console.print(table)
    for job in ended:
        if job.error_detail:
            name = repositories.by_id(connection, job.repository_id).full_name
            console.print(f"{name}: {job.error_detail}", markup=False, soft_wrap=True)
    _print_gaps(connection, ended, console)


def _row(connection: Connection, job: Job) -> list[str]:
    repository = repositories.by_id(connection, job.repository_id)
    name = repository.full_name + (" [dim](synthetic)[/]" if repository.is_synthetic else "")
    outcome = job.outcome or {}
    state = _STATES.get(job.state, job.state)
    if outcome.get("is_unchanged"):
        state += ", unchanged"
    try:
        facts = marts.summary(connection, job.repository_id)
    except NotFound:
        facts = {}
    return [
        name,
        state,
        number(facts.get("issues_count")),
        number(facts.get("pull_requests_count")),
        number(facts.get("commits_incl_merges_count")),
        number(facts.get("contributors_by_login_or_email_count")),
        hours(facts.get("issue_first_response_p50_hours")),
        hours(facts.get("pull_request_merge_p50_hours")),
        number(facts.get("caf_50_count")),
        _coverage(connection, job.repository_id),
        number(outcome.get("requests")),
    ]


def number(value: int | None) -> str:
    """What is not known is a dash, never a 0."""
    return "-" if value is None else f"{value:,}"


def hours(value: float | None) -> str:
    if value is None:
        return "-"
    if value < 1:
        return f"{value * 60:.0f} min"
    return f"{value:.1f} h" if value < 48 else f"{value / 24:.1f} d"  # noqa: PLR2004 - two days


def _coverage(connection: Connection, repository_id: int) -> str:
    """Things that are held whole, of those that can be counted."""
    entries = ledger.completeness(connection, repository_id)
    counted = [one for one in entries if one["state"] != "uncounted"]
    whole = sum(one["state"] == "complete" for one in counted)
    return f"{whole}/{len(counted)}" if counted else "-"


def _print_gaps(connection: Connection, ended: Sequence[Job], console: Console) -> None:
    for job in ended:
        name = repositories.by_id(connection, job.repository_id).full_name
        for one in ledger.completeness(connection, job.repository_id):
            if one["state"] in {"partial", "unavailable"}:
                console.print(
                    f"{name}: {one['thing']} {one['state']}: {one['reason']}", markup=False,
                    soft_wrap=True,
                )  # fmt: skip


def _show(
    connection: Connection, job: Job, seq: int, *, bar: Progress, line: TaskID, console: Console
) -> int:
    """What happened since event ``seq``; the number of the last."""
    for event in jobs.events_after(connection, job.job_id, seq):
        seq = event.seq
        what = " ".join(part for part in (event.stage, event.resource) if part) or event.state
        bar.update(line, description=what, completed=event.done or 0, total=event.total)
        if not console.is_terminal and event.stage and event.resource is None:
            name = bar.tasks[line].fields["name"]
            console.print(f"{name}: {event.stage}", markup=False)
    if _is_over(job):
        bar.update(line, description=job.state, completed=1, total=1)
    return seq


def _is_over(job: Job) -> bool:
    return job.state in jobs.FINAL or (job.state == "queued" and job.not_before is not None)


def _code(job: Job) -> int:
    if job.state == "queued":
        return _LATER
    if job.state == "partial":
        return _PARTIAL
    if job.state == "succeeded":
        return 0
    kind: Any = getattr(errors, job.error_type or "", GitInsightError)
    return int(getattr(kind, "exit_code", 1))


def _gravity(code: int) -> int:
    order: Mapping[int, int] = {0: 0, _PARTIAL: 1, _LATER: 2, 2: 3, 1: 4}
    return order.get(code, len(order))
