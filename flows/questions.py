"""The commands that ask: what is followed, what was done, what is held, and what it says."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, cast
from uuid import UUID

import typer

from flows import past, plan
from flows.command import JSON, warehouse, written
from flows.progress import exit_code, follow, name_of
from flows.tables import ERR, OUT, show
from gitinsight import clock, targets
from gitinsight.errors import BrokenEnvironment, QualityGateFailed
from gitinsight.setting_kinds import TEN_YEARS_HOURS
from warehouse import (
    analyst,
    freshness,
    job_events,
    jobs,
    ledger,
    marts,
    organisations,
    repositories,
)
from warehouse import export as export_
from warehouse.analyst import Limits
from warehouse.engine import Connection
from warehouse.expectations import data_docs
from warehouse.freshness import Freshness
from warehouse.jobs import Job
from warehouse.past import MARTS as MARTS_THEN

app = typer.Typer()
_QUERY_SECONDS = 30
_QUERY_BYTES = 256 * 2**20
_AsOf = Annotated[
    str | None, typer.Option(help="Marts as they were shown then: a day (its end, UTC) or a time.")
]
_Of = Annotated[list[str] | None, typer.Option(help="With --as-of: OWNER/NAME alone.")]


@app.command("jobs")
def list_jobs(
    job_id: Annotated[UUID | None, typer.Argument(help="One job, with its events.")] = None,
    *,
    follow_: Annotated[bool, typer.Option("--follow", help="Until it has ended.")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """What was analysed, what is running, and how it went."""
    with warehouse() as (_, engine):
        if job_id is not None and follow_:
            raise typer.Exit(exit_code(follow(engine, [job_id], ERR)))
        with engine.begin() as connection:
            if job_id is None:
                found = jobs.recent(connection)
                rows: list[dict[str, Any]] = [
                    {
                        "job_id": one.job_id, "state": one.state, "stage": one.stage,
                        "repository": name_of(connection, one.repository_id),
                        "requested_at": one.requested_at, "seconds": _seconds(one),
                    }
                    for one in found
                ]  # fmt: skip
            else:
                jobs.by_id(connection, job_id)
                events = job_events.after(connection, job_id, 0)
                rows = [
                    {
                        "seq": one.seq, "at": one.at, "stage": one.stage, "state": one.state,
                        "resource": one.resource, "done": one.done, "total": one.total,
                        "message": one.message,
                    }
                    for one in events
                ]  # fmt: skip
    show(rows, as_json=as_json)


@app.command("repositories")
def list_repositories(*, as_json: Annotated[bool, JSON] = False) -> None:
    """The repositories that are followed."""
    with warehouse() as (settings, engine), engine.begin() as connection:
        found = repositories.search(connection, limit=10_000)
        ages = {
            one.repository_id: one
            for one in freshness.several(
                connection, now=clock.now(), fresh_for=settings.quality.fresh_for,
                repository_ids=[one.repository_id for one in found],
            )
        }  # fmt: skip
        rows = [
            {
                "repository_id": one.repository_id, "full_name": one.full_name, "host": one.host,
                "state": one.state, "is_synthetic": one.is_synthetic,
                "checked_at": one.checked_at, **_age(ages[one.repository_id]),
            }
            for one in found
        ]  # fmt: skip
    show(rows, as_json=as_json)


@app.command("freshness")
def show_freshness(
    full_name: Annotated[str, typer.Argument(help="OWNER/NAME.")],
    *,
    hours: Annotated[
        float | None,
        typer.Option(
            help="From now on its figures may be so old; 0: as all.", min=0, max=TEN_YEARS_HOURS
        ),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """How old the figures of a repository are, and may be."""
    with warehouse() as (settings, engine), engine.begin() as connection:
        found = repositories.by_name(connection, full_name)
        if hours is not None:
            repositories.set_fresh_hours(connection, found.repository_id, hours or None)
        (age,) = freshness.several(
            connection, now=clock.now(), fresh_for=settings.quality.fresh_for,
            repository_ids=[found.repository_id],
        )  # fmt: skip
    show([{"full_name": found.full_name, **_age(age)}], as_json=as_json)


@app.command("organisations")
def list_organisations(*, as_json: Annotated[bool, JSON] = False) -> None:
    """The organisations that are followed."""
    with warehouse() as (_, engine), engine.begin() as connection:
        rows = [
            {
                "organisation_id": one.organisation_id, "login": one.login, "host": one.host,
                "state": one.state, "repositories": one.repositories_count,
                "discovered_at": one.discovered_at,
            }
            for one in organisations.several(connection, limit=10_000)
        ]  # fmt: skip
    show(rows, as_json=as_json)


@app.command()
def completeness(full_name: str, *, as_json: Annotated[bool, JSON] = False) -> None:
    """What GitHub says exists, what is held, and why the two differ."""
    with warehouse() as (_, engine), engine.begin() as connection:
        found = repositories.by_name(connection, full_name)
        rows = [
            {key: one[key] for key in ("thing", "upstream_count", "held_count", "state", "reason")}
            for one in ledger.completeness(connection, found.repository_id)
        ]
    show(rows, as_json=as_json)


@app.command()
def quality(
    full_name: Annotated[str, typer.Argument(help="OWNER/NAME.")],
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed.")] = False,
    docs: Annotated[Path | None, typer.Option(help="Write pages into this directory.")] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """What the newest checks found; exit code 2 where one blocks the figures."""
    with warehouse() as (_, engine), engine.begin() as connection:
        found = repositories.by_name(connection, full_name)
        checks = ledger.quality(connection, found.repository_id)
    if docs is not None:
        docs.mkdir(parents=True, exist_ok=True)
        ERR.print(f"{data_docs.write(checks, docs, title=found.full_name)}", soft_wrap=True)
    keys = ("check_name", "severity", "status", "failures", "observed", "expected")
    show(
        [
            {key: one[key] for key in keys}
            for one in checks
            if not failed or one["status"] == "failed"
        ],
        as_json=as_json,
    )
    if any(one["severity"] == "block" and one["status"] == "failed" for one in checks):
        raise typer.Exit(QualityGateFailed.exit_code)


@app.command("plan")
def show_plan(
    full_name: Annotated[str, typer.Argument(help="OWNER/NAME.")],
    *,
    full: Annotated[bool, typer.Option(help="If everything is read anew.")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """What an analysis would ask GitHub for, and when it would be done; asks for two answers."""
    with warehouse() as (settings, engine):
        found = plan.plan(settings, engine, targets.parse_name(full_name, settings), is_full=full)
    if as_json:
        OUT.print_json(data=asdict(found), default=str)
        return
    show([asdict(one) for one in found.needs])
    show([found.summary()])
    if found.unknown:
        OUT.print(f"at least; not known before it is read: {', '.join(found.unknown)}")


@app.command()
def query(
    sql: str, *, limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = 10_000,
    as_of: _AsOf = None, of: _Of = None, as_json: Annotated[bool, JSON] = False,
) -> None:  # fmt: skip
    """Run one select as an analyst: marts and insights alone, 30 seconds at most. Of an earlier day
    they are asked by the same names.
    """
    limits = Limits(rows=limit, seconds=_QUERY_SECONDS, bytes=_QUERY_BYTES)
    with _shown(as_of, of, with_insights="insights" in sql.lower()) as (connection, schema):
        found = analyst.ask(connection, sql, limits, is_past=schema == MARTS_THEN)
    names = [name for name, _ in found.columns]
    show([dict(zip(names, row, strict=True)) for row in found.rows], as_json=as_json)
    if found.is_cut:
        ERR.print(f"there are more than {limit} rows: --limit shows more")


@app.command()
def export(
    mart: str,
    *,
    format_: Annotated[str, typer.Option("--format", help="parquet, csv or json.")] = "csv",
    output: Annotated[Path | None, typer.Option(help="A file; else standard output.")] = None,
    as_of: _AsOf = None,
    of: _Of = None,
) -> None:
    """Write a whole mart, however large."""
    if format_ not in export_.FORMATS:
        raise BrokenEnvironment(f"{format_} is not a format", "give parquet, csv or json")
    with _shown(as_of, of) as (connection, schema):
        pieces = export_.pieces(connection, mart, cast("export_.Format", format_), schema=schema)
        with written(output) if output else nullcontext(sys.stdout.buffer) as target:
            for piece in pieces:
                target.write(piece)


def _age(age: Freshness) -> dict[str, Any]:
    return {
        "as_of": age.as_of, "is_fresh": age.is_fresh, "fresh_hours": age.target_seconds / 3600,
    }  # fmt: skip


@contextmanager
def _shown(
    as_of: str | None, of: list[str] | None, *, with_insights: bool = False
) -> Iterator[tuple[Connection, str]]:
    """The marts of today, or as they were shown at an earlier instant, and their schema."""
    with warehouse() as (settings, engine):
        if as_of is None:
            with engine.connect() as connection:
                yield connection, marts.SCHEMA
            return
        at = past.instant(as_of)
        with engine.begin() as connection:
            ids = [repositories.by_name(connection, one).repository_id for one in of or ()]
        with (
            past.figures(
                settings, engine, at, repository_ids=ids or None, with_insights=with_insights
            ),
            engine.connect() as connection,
        ):
            yield connection, MARTS_THEN


def _seconds(job: Job) -> int | None:
    """How long it ran."""
    if job.started_at is None or job.finished_at is None:
        return None
    return round((job.finished_at - job.started_at).total_seconds())
