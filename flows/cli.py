"""The command line: `gitinsight`."""

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import OperationalError

from flows import stack, targets
from flows.analysis import analyze as run_analysis
from flows.attempt import attempt
from flows.progress import exit_code, follow, number, print_results
from flows.stack import Stack
from gitinsight import clock, logs
from gitinsight.errors import BrokenEnvironment, GitInsightError, LeaseLost
from gitinsight.runtime import memory, postgres, state
from gitinsight.settings import Settings
from warehouse import analyst, jobs, ledger, repositories
from warehouse.engine import Engine, make_engine
from warehouse.jobs import Job

app = typer.Typer(
    help="GitHub repositories as figures that can be trusted.", no_args_is_help=True,
    pretty_exceptions_enable=False, add_completion=False,
)  # fmt: skip
_OUT = Console()
_ERR = Console(stderr=True)
_JSON = typer.Option("--json", help="Print JSON.")
_SYNTHETIC = ("synthetic-labs/aurora", "synthetic-labs/borealis", "synthetic-labs/empty-repo")
_CHECKOUT = Path(__file__).parents[1]


@app.command()
def up(
    repos: Annotated[list[str] | None, typer.Argument(help="What to analyse first.")] = None,
    *,
    once: Annotated[bool, typer.Option(help="Stop after the result.")] = False,
) -> None:
    """Start the whole stack, analyse, show the result, serve until Ctrl-C.

    Without repositories: the history of this checkout, and a synthetic organisation.
    """
    settings = _settings()
    is_demo = not repos
    wanted = list(repos or (*_SYNTHETIC, *_own_history()))
    stop = threading.Event()
    for number_ in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number_, lambda _signal, _frame: stop.set())
    with stack.running(settings, with_simulator=is_demo) as running:
        ended: list[Job] = []
        failed: list[Exception] = []

        def work() -> None:
            try:
                ended.extend(_work(running, wanted))
            except Exception as error:  # noqa: BLE001 - carried over to the main thread
                failed.append(error)
            if once or failed:
                stop.set()

        threading.Thread(target=work, name="analyses", daemon=True).start()
        running.supervisor.run_until(stop)
    if failed:
        raise failed[0]
    raise typer.Exit(exit_code(ended))


@app.command()
def analyze(
    repos: Annotated[list[str], typer.Argument(help="OWNER/NAME, URL or PATH.")],
    *,
    full: Annotated[bool, typer.Option(help="Read everything anew.")] = False,
) -> None:
    """Analyse repositories: by the running stack if there is one, else in this process."""
    with _warehouse() as (settings, engine):
        followed = [
            targets.follow(engine, settings, target)
            for target in [targets.parse(text, settings) for text in repos]
        ]
        queued = []
        for repository in followed:
            with engine.begin() as connection:
                job, _ = jobs.enqueue(
                    connection, repository.repository_id, is_full=full, at=clock.now()
                )
            queued.append(job.job_id)
        if not _stack_is_up(settings):
            threading.Thread(
                target=_run_all, args=(settings, engine, queued), name="analyses", daemon=True
            ).start()
        ended = follow(engine, queued, _ERR)
        with engine.begin() as connection:
            print_results(connection, ended, _OUT)
    raise typer.Exit(exit_code(ended))


@app.command("jobs")
def list_jobs(
    job_id: Annotated[UUID | None, typer.Argument(help="One job, with its events.")] = None,
    *,
    follow_: Annotated[bool, typer.Option("--follow", help="Until it has ended.")] = False,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """What was analysed, what is running, and how it went."""
    with _warehouse() as (_, engine):
        if job_id is not None and follow_:
            raise typer.Exit(exit_code(follow(engine, [job_id], _ERR)))
        with engine.begin() as connection:
            if job_id is None:
                found = jobs.recent(connection)
                rows: list[dict[str, Any]] = [
                    {
                        "job_id": one.job_id, "state": one.state, "stage": one.stage,
                        "repository": repositories.by_id(connection, one.repository_id).full_name,
                        "requested_at": one.requested_at, "finished_at": one.finished_at,
                    }
                    for one in found
                ]  # fmt: skip
            else:
                jobs.by_id(connection, job_id)
                events = jobs.events_after(connection, job_id, 0)
                rows = [
                    {
                        "seq": one.seq, "at": one.at, "stage": one.stage, "state": one.state,
                        "resource": one.resource, "done": one.done, "total": one.total,
                        "message": one.message,
                    }
                    for one in events
                ]  # fmt: skip
    _print(rows, as_json=as_json)


@app.command()
def cancel(job_id: UUID) -> None:
    """Ask a job to stop; it does so at its next page, git step or model."""
    with _warehouse() as (_, engine), engine.begin() as connection:
        jobs.by_id(connection, job_id)
        asked = jobs.request_cancel(connection, job_id, at=clock.now())
    _OUT.print(asked.state if asked.state != "running" else "asked to stop")


@app.command("repositories")
def list_repositories(*, as_json: Annotated[bool, _JSON] = False) -> None:
    """The repositories that are followed."""
    with _warehouse() as (_, engine), engine.begin() as connection:
        rows = [
            {
                "repository_id": one.repository_id, "full_name": one.full_name, "host": one.host,
                "state": one.state, "is_synthetic": one.is_synthetic,
                "checked_at": one.checked_at,
            }
            for one in repositories.search(connection, limit=10_000)
        ]  # fmt: skip
    _print(rows, as_json=as_json)


@app.command()
def completeness(full_name: str, *, as_json: Annotated[bool, _JSON] = False) -> None:
    """What GitHub says exists, what is held, and why the two differ."""
    with _warehouse() as (_, engine), engine.begin() as connection:
        found = repositories.by_name(connection, full_name)
        rows = [
            {key: one[key] for key in ("thing", "upstream_count", "held_count", "state", "reason")}
            for one in ledger.completeness(connection, found.repository_id)
        ]
    _print(rows, as_json=as_json)


@app.command()
def query(sql: str, *, as_json: Annotated[bool, _JSON] = False) -> None:
    """Run SQL as an analyst: marts and insights, reading only, 30 seconds at most."""
    with _warehouse() as (_, engine), engine.connect() as connection:
        rows = analyst.select(connection, sql)
    _print(rows, as_json=as_json)


@app.command()
def export(
    mart: str,
    *,
    format_: Annotated[str, typer.Option("--format", help="parquet, csv or json.")] = "csv",
    output: Annotated[Path | None, typer.Option(help="A file; else standard output.")] = None,
) -> None:
    """Write a whole mart."""
    if format_ not in {"parquet", "csv", "json"}:
        raise BrokenEnvironment(f"{format_} is not a format", "give parquet, csv or json")
    with _warehouse() as (_, engine), engine.connect() as connection:
        frame = analyst.mart(connection, mart)
    target = output or sys.stdout.buffer
    if format_ == "parquet":
        frame.to_parquet(target, index=False)
    elif format_ == "csv":
        frame.to_csv(target, index=False)
    else:
        frame.to_json(target, orient="records", date_format="iso")


@app.command()
def doctor() -> None:
    """What is configured, what runs, and how much memory it uses."""
    settings = _settings()
    _print(_masked(settings), as_json=False)
    state.prepare(settings.state_dir)
    pids = _pids(settings)
    server = postgres.find(settings.state_dir)
    if server is not None:
        pids["postgresql"] = server.pid
    used = memory.of_processes(pids)
    rows: list[dict[str, Any]] = [
        {
            "process": one.name, "pid": one.pid, "processes": one.processes,
            "rss_mb": round(one.rss_bytes / 1e6), "largest_mb": round(one.largest_rss_bytes / 1e6),
            "pss_mb": None if one.pss_bytes is None else round(one.pss_bytes / 1e6),
        }
        for one in used
        if one.name != "supervisor"
    ]  # fmt: skip
    if not rows:
        _OUT.print("nothing runs; start it with `gitinsight up`")
        return
    rows.append(
        {
            "process": "total", "rss_mb": sum(row["rss_mb"] for row in rows),
            "pss_mb": sum(row["pss_mb"] or 0 for row in rows),
        }
    )  # fmt: skip
    _print(rows, as_json=False)


@app.command()
def simulate(
    *,
    port: Annotated[int, typer.Option(help="Where it listens on 127.0.0.1.")] = 8790,
    seed: Annotated[int, typer.Option(help="Another seed, another organisation.")] = 1,
) -> None:
    """Serve the simulated GitHub alone."""
    from gitinsight.simulator import serve  # noqa: PLC0415 - no other command needs its web server

    settings = _settings()
    state.prepare(settings.state_dir)
    _ERR.print(f"simulated GitHub at http://127.0.0.1:{port}, seed {seed}")
    serve.run(port=port, seed=seed, git_dir=settings.state_dir / "simulator")


@app.command()
def migrate() -> None:
    """Bring the warehouse to the newest schema; every other command does so by itself."""
    with _warehouse():
        _OUT.print("the warehouse is up to date")


def main() -> None:
    """One clear line on error and the exit code that is documented, unless --debug is given."""
    arguments = [one for one in sys.argv[1:] if one != "--debug"]
    is_debug = "--debug" in sys.argv
    try:
        app(arguments, standalone_mode=False)
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except typer.Abort:
        sys.exit(130)
    except Exception as error:
        if is_debug:
            raise
        line, code = _explain(error)
        _ERR.print(f"gitinsight: {line}", markup=False, soft_wrap=True, highlight=False)
        sys.exit(code)


def _explain(error: Exception) -> tuple[str, int]:
    if isinstance(error, GitInsightError):
        return str(error), error.exit_code
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        name = "__".join(str(part) for part in first["loc"]).upper()
        return f"the setting GITINSIGHT_{name} is not valid: {first['msg']}", 1
    if isinstance(error, OperationalError):
        return f"the warehouse does not answer: {str(error.orig).strip().splitlines()[0]}", 75
    usage = getattr(error, "format_message", None)
    if callable(usage):
        return f"{usage()} (see --help)", 1
    return f"{type(error).__name__}: {error} (--debug shows where)", 1


def _settings() -> Settings:
    settings = Settings()
    logs.configure("WARNING" if settings.log_level == "INFO" else settings.log_level)
    return settings


@contextmanager
def _warehouse() -> Iterator[tuple[Settings, Engine]]:
    with stack.warehouse(_settings()) as (settings, _):
        engine = make_engine(settings.warehouse_url, process="cli", pool_size=4)
        try:
            yield settings, engine
        finally:
            engine.dispose()


def _work(running: Stack, wanted: list[str]) -> list[Job]:
    settings = running.settings
    engine = make_engine(settings.warehouse_url, process="cli", pool_size=2)
    try:
        queued = []
        for text in wanted:
            found = targets.follow(engine, settings, targets.parse(text, settings))
            with engine.begin() as connection:
                job, _ = jobs.enqueue(connection, found.repository_id, at=clock.now())
            queued.append(job.job_id)
        ended = follow(engine, queued, _ERR)
        with engine.begin() as connection:
            print_results(connection, ended, _OUT)
    finally:
        engine.dispose()
    api = f"http://{settings.api.host}:{settings.api.port}"
    _OUT.print(f"API     {api}/docs", highlight=False)
    _OUT.print(f"Runs    {settings.orchestrator.url.removesuffix('/api')}", highlight=False)
    if running.embedded is not None:
        port = running.embedded.port
        _OUT.print(
            f"SQL     psql -h 127.0.0.1 -p {port} -U postgres gitinsight"
            f"   (password: {settings.state_dir}/postgres.password)",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
    _OUT.print("Ctrl-C stops everything.")
    return ended


def _run_all(settings: Settings, engine: Engine, queued: list[UUID]) -> None:
    for job_id in queued:
        try:
            with attempt(settings, engine, job_id, worker="cli") as run:
                run_analysis(run, quality=settings.quality)
        except LeaseLost:
            continue  # a worker was quicker


def _own_history() -> list[str]:
    return [str(_CHECKOUT)] if (_CHECKOUT / ".git").exists() else []


def _stack_is_up(settings: Settings) -> bool:
    return bool(memory.of_processes({"worker": _pids(settings).get("worker", 0)}))


def _pids(settings: Settings) -> dict[str, int]:
    try:
        known: dict[str, int] = json.loads(
            (settings.state_dir / "run" / "pids.json").read_text("utf-8")
        )
    except (OSError, json.JSONDecodeError):
        return {}
    return known


def _masked(settings: Settings) -> list[dict[str, Any]]:
    """Every setting, secrets as stars."""
    rows = []
    for name, value in settings.model_dump().items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for key, held in parts:
            whole = f"{name}__{key}".upper() if key else name.upper()
            rows.append({"setting": f"GITINSIGHT_{whole}", "value": str(held)})
    return rows


def _print(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(rows, default=str, indent=1) + "\n")
        return
    if not rows:
        _OUT.print("none")
        return
    table = Table(header_style="bold")
    names = list(rows[0])
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in names))
    _OUT.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return number(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)


if __name__ == "__main__":
    main()
