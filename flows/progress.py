"""What a person sees while jobs run, and the table that they get in the end."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.tables import hours, number
from gitinsight import errors
from gitinsight.errors import GitInsightError, NotFound
from warehouse import job_events, jobs, ledger, marts, repositories, run_links
from warehouse.engine import Connection, Engine
from warehouse.jobs import Job
from warehouse.repositories import Repository

_POLL_SECONDS = 0.25
_STATES = {
    "succeeded": "[green]succeeded[/]", "partial": "[yellow]partial[/]", "failed": "[red]failed[/]",
    "cancelled": "cancelled", "queued": "[yellow]waiting[/]",
}  # fmt: skip
_COLUMNS = (
    "issues", "pull requests", "commits", "people", "first answer", "merged after", "bus factor",
    "coverage", "requests",
)  # fmt: skip
_NARROW = frozenset({"issues", "pull requests", "commits", "people", "coverage"})
_WIDE = 110
"""A terminal that is narrower sees fewer columns; the API and SQL have them all."""
_PARTIAL, _LATER = 3, 75


def follow(engine: Engine, job_ids: Sequence[UUID], console: Console) -> list[Job]:
    """Show every job until it has ended, or is parked because a limit is used up. One that goes
    with its repository meanwhile is not among those that are returned.
    """
    with engine.begin() as connection:
        for job_id in job_ids:
            jobs.by_id(connection, job_id)
    columns = (
        SpinnerColumn(), TextColumn("{task.fields[name]}"), BarColumn(bar_width=24),
        TextColumn("{task.description}"), TimeElapsedColumn(),
    )  # fmt: skip
    told: dict[UUID, int] = dict.fromkeys(job_ids, 0)
    lines: dict[UUID, TaskID] = {}
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        while True:
            with engine.begin() as connection:
                known = run_links.several(connection, job_ids)
                held = [known[job_id] for job_id in job_ids if job_id in known]
                for job in held:
                    if job.job_id not in lines:
                        name = name_of(connection, job.repository_id)
                        lines[job.job_id] = bar.add_task("queued", name=name, total=None)
                    told[job.job_id] = _show(
                        connection, job, told[job.job_id],
                        bar=bar, line=lines[job.job_id], console=console,
                    )  # fmt: skip
            if all(job.is_over for job in held):
                return held
            time.sleep(_POLL_SECONDS)


def exit_code(ended: Sequence[Job]) -> int:
    """The gravest of what happened."""
    return max((_code(job) for job in ended), key=_gravity, default=0)


def print_results(connection: Connection, ended: Sequence[Job], console: Console) -> None:
    """One row per repository, and below it whatever a reader has to know about the figures."""
    shown = [name for name in _COLUMNS if console.width >= _WIDE or name in _NARROW]
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("repository", overflow="ellipsis")  # the one that gives way
    table.add_column("state", no_wrap=True)
    for name in shown:
        table.add_column(name.replace(" ", "\n"), justify="right", no_wrap=True)
    followed = []
    for job in ended:
        with suppress(NotFound):
            followed.append((job, repositories.by_id(connection, job.repository_id)))
    for job, repository in followed:
        found = figures(connection, job)
        table.add_row(_name(repository), _state(job), *(found[name] for name in shown))
    console.print(table)
    if any(repository.is_synthetic for _, repository in followed):
        console.print("* synthetic: made up by the simulated GitHub", style="dim")
    for job, repository in followed:
        for note in _notes(connection, job):
            console.print(f"{repository.full_name}: {note}", markup=False, soft_wrap=True)


def name_of(connection: Connection, repository_id: int) -> str:
    """Its number where it was removed a moment ago."""
    try:
        return repositories.by_id(connection, repository_id).full_name
    except NotFound:
        return f"repository {repository_id}"


def _name(repository: Repository) -> str:
    return repository.full_name + ("*" if repository.is_synthetic else "")


def _state(job: Job) -> str:
    is_unchanged = bool((job.outcome or {}).get("is_unchanged"))
    return "[green]unchanged[/]" if is_unchanged else _STATES.get(job.state, job.state)


def figures(connection: Connection, job: Job) -> dict[str, str]:
    """What somebody wants to know first, as it is shown."""
    try:
        facts = marts.summary(connection, job.repository_id)
    except NotFound:
        facts = {}
    return {
        "issues": number(facts.get("issues_count")),
        "pull requests": number(facts.get("pull_requests_count")),
        "commits": number(facts.get("commits_incl_merges_count")),
        "people": number(facts.get("contributors_by_login_or_email_count")),
        "first answer": hours(facts.get("issue_first_response_p50_hours")),
        "merged after": hours(facts.get("pull_request_merge_p50_hours")),
        "bus factor": number(facts.get("caf_50_count")),
        "coverage": _coverage(connection, job.repository_id),
        "requests": number((job.outcome or {}).get("requests")),
    }


def _coverage(connection: Connection, repository_id: int) -> str:
    """Things that are held whole, of those that can be counted."""
    entries = ledger.completeness(connection, repository_id)
    counted = [one for one in entries if one["state"] != "uncounted"]
    whole = sum(one["state"] == "complete" for one in counted)
    return f"{whole}/{len(counted)}" if counted else "-"


def _notes(connection: Connection, job: Job) -> list[str]:
    entries = ledger.completeness(connection, job.repository_id)
    gaps = [
        f"{one['thing']} {one['state']}: {one['reason']}"
        for one in entries
        if one["state"] in {"partial", "unavailable"}
    ]
    reason = job.error_detail
    if job.state == "queued":  # parked: its last event says why
        reason = job_events.after(connection, job.job_id, job.last_seq - 1)[0].message
    return [reason, *gaps] if reason else gaps


def _show(
    connection: Connection, job: Job, seq: int, *, bar: Progress, line: TaskID, console: Console
) -> int:
    """What happened since event ``seq``; the number of the last."""
    for event in job_events.after(connection, job.job_id, seq):
        seq = event.seq
        what = " ".join(part for part in (event.stage, event.resource) if part) or event.state
        bar.update(line, description=what, completed=event.done or 0, total=event.total)
        if not console.is_terminal and event.stage and event.resource is None:
            name = bar.tasks[line].fields["name"]
            told = f"{event.stage}: {event.message}" if event.message else event.stage
            console.print(f"{name}: {told}", markup=False)
    if job.is_over:
        bar.update(line, description=job.state, completed=1, total=1)
    return seq


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
