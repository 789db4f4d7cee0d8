"""The command line: `gitinsight`."""

import signal
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from flows import (
    actors,
    affiliations,
    api_keys,
    backup,
    definitions,
    doctor,
    fleet,
    forget,
    identities,
    part,
    quarantine,
    questions,
    remove,
    retention,
    stack,
    trained_models,
    vitals,
)
from flows import archive as gh_archive
from flows.alone import work_off
from flows.command import JSON, read_settings, warehouse
from flows.organisations import discover
from flows.progress import exit_code, follow, print_results
from flows.stack import Stack
from flows.tables import ERR, OUT, show
from gitinsight import clock, targets
from gitinsight.errors import BrokenEnvironment, GitInsightError, NotFound, first_line
from gitinsight.gharchive import hours
from gitinsight.runtime import state
from gitinsight.runtime.process import free_port
from gitinsight.things.catalogue import THINGS
from warehouse import jobs, organisations, repositories, run_links
from warehouse.engine import UNREACHABLE, Engine, make_engine
from warehouse.governor import SharedGovernor
from warehouse.jobs import Job

app = typer.Typer(
    help="GitHub repositories as figures that can be trusted.", no_args_is_help=True,
    pretty_exceptions_enable=False, add_completion=False,
)  # fmt: skip
app.add_typer(questions.app)
app.add_typer(actors.app, name="actors")
app.add_typer(identities.app, name="identities")
app.add_typer(affiliations.app, name="affiliations")
app.add_typer(api_keys.app, name="apikey")
app.add_typer(definitions.app)
app.add_typer(forget.app)
app.add_typer(remove.app)
app.add_typer(part.app)
app.add_typer(backup.app)
app.add_typer(doctor.app)
app.add_typer(trained_models.app, name="models")
_SYNTHETIC = ("synthetic-labs/aurora", "synthetic-labs/borealis")
_CHECKOUT = Path(__file__).parents[1]
_Port = Annotated[int, typer.Option(min=1, max=65_535, help="Where it listens on 127.0.0.1.")]


@app.command()
def up(
    repos: Annotated[list[str] | None, typer.Argument(help="What to analyse first.")] = None,
    *,
    once: Annotated[bool, typer.Option(help="Stop after the result.")] = False,
) -> None:
    """Start the whole stack, analyse, show the result, serve until Ctrl-C.

    Without repositories: the history of this checkout, and a synthetic organisation.
    """
    settings = read_settings()
    is_demo = not repos
    wanted = list(repos or (*_SYNTHETIC, *_own_history()))
    with stack.running(settings, with_simulator=is_demo) as running:
        stop = _interrupted()
        ended: list[Job] = []
        failed: list[Exception] = []

        def work() -> None:
            try:
                ended.extend(_work(running, wanted))
            except Exception as error:  # noqa: BLE001 - carried over to the main thread
                if not stop.is_set():  # else the database that it asks is being stopped
                    failed.append(error)
            if once or failed:
                stop.set()

        threading.Thread(target=work, name="analyses", daemon=True).start()
        running.supervisor.run_until(stop)
    if failed:
        raise failed[0]
    if not ended:
        raise typer.Abort
    raise typer.Exit(exit_code(ended))


@app.command()
def analyze(
    repos: Annotated[list[str], typer.Argument(help="OWNER/NAME, URL or PATH.")],
    *,
    full: Annotated[bool, typer.Option(help="Read everything anew.")] = False,
) -> None:
    """Analyse repositories: by the running stack if there is one, else in this process."""
    with warehouse() as (settings, engine):
        queued = fleet.request(settings, engine, repos, is_full=full)
        if not vitals.is_up(settings):
            threading.Thread(
                target=work_off, args=(settings, engine, queued), name="analyses", daemon=True
            ).start()
        try:
            ended = follow(engine, queued, ERR)
        except KeyboardInterrupt:
            ERR.print("stopping; what was read is kept, the next analysis goes on from there")
            ended = _stop(engine, queued)
        with engine.begin() as connection:
            print_results(connection, ended, OUT)
    raise typer.Exit(exit_code(ended))


@app.command()
def cancel(job_id: UUID) -> None:
    """Ask a job to stop; it does so at its next page, git step or model."""
    with warehouse() as (_, engine), engine.begin() as connection:
        jobs.by_id(connection, job_id)
        asked = jobs.request_cancel(connection, job_id, at=clock.now())
    OUT.print(asked.state if asked.state != "running" else "asked to stop")


@app.command("follow")
def follow_organisation(
    login: Annotated[str, typer.Argument(help="An organisation or a user on GitHub.")],
    *,
    forks: Annotated[bool, typer.Option(help="Follow forks too.")] = False,
    archived: Annotated[bool, typer.Option(help="Follow archived repositories too.")] = True,
) -> None:
    """Follow every repository of an organisation, those that come later too."""
    with warehouse() as (settings, engine):
        account = targets.parse_login(login, settings)
        governor = partial(SharedGovernor, engine)
        found = targets.ask_account(account, settings, governor=governor)
        with engine.begin() as connection:
            organisation, _ = organisations.add(
                connection, host=account.host, github_id=found.id, login=found.login,
                kind=found.type, include_forks=forks, include_archived=archived, at=clock.now(),
            )  # fmt: skip
        discovered = discover(settings, engine, organisation)
    OUT.print(f"{found.login}: {discovered.listed} listed, {len(discovered.added)} new and queued")


@app.command()
def replay_quarantine(
    *,
    thing: Annotated[str | None, typer.Option(help="issues, labels, ...; else all.")] = None,
    repository: Annotated[str | None, typer.Option(help="OWNER/NAME; else all.")] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Try again what was refused when it was read; the next analysis counts what is accepted."""
    if thing is not None and thing not in {one.name for one in THINGS}:
        raise NotFound(f"thing {thing}")
    with warehouse() as (_, engine):
        with engine.begin() as connection:
            only = (
                repositories.by_name(connection, repository).repository_id if repository else None
            )
        found = quarantine.replay(engine, at=clock.now(), thing=thing, repository_id=only)
        with engine.begin() as connection:
            rows = [
                {
                    "repository": repositories.by_id(connection, repository_id).full_name,
                    "thing": name, "accepted": one.accepted, "refused": one.refused,
                    "busy": one.busy,
                }
                for (repository_id, name), one in found.items()
            ]  # fmt: skip
    show(rows, as_json=as_json)
    raise typer.Exit(quarantine.exit_code(found.values()))


@app.command()
def simulate(
    *,
    port: _Port = 8790,
    seed: Annotated[int, typer.Option(help="Another seed, another organisation.")] = 1,
) -> None:
    """Serve the simulated GitHub alone."""
    from gitinsight.simulator import serve  # noqa: PLC0415 - no other command needs its web server

    settings = read_settings()
    state.prepare(settings.state_dir)
    if free_port(port) != port:
        raise BrokenEnvironment(f"port {port} is in use", "give another by --port")
    ERR.print(f"simulated GitHub at http://127.0.0.1:{port}, seed {seed}")
    serve.run(port=port, seed=seed, git_dir=settings.state_dir / "simulator")


@app.command()
def catalog(*, port: _Port = 3000) -> None:
    """Show the Dagster catalogue until Ctrl-C: what comes from what, and how it was judged."""
    with stack.catalog(read_settings(), port=port) as running:
        OUT.print(f"Dagster http://127.0.0.1:{port}")
        running.supervisor.run_until(_interrupted())


@app.command()
def archive(
    first: Annotated[str, typer.Argument(help="An hour, 2024-01-15-0, or a day, 2024-01-15.")],
    last: Annotated[str | None, typer.Argument(help="The last of them; else it is one.")] = None,
    *,
    full: Annotated[bool, typer.Option(help="Load again what is loaded.")] = False,
) -> None:
    """Load hours of GH Archive: hints and history, never the truth."""
    wanted = list(hours.between(first, last, at=clock.now()))
    with warehouse() as (settings, engine):
        outcomes = gh_archive.load(
            engine, wanted, settings.archive.sources, now=clock.now, is_full=full
        )
        code = gh_archive.exit_code(gh_archive.follow(outcomes, len(wanted), ERR))
    raise typer.Exit(code)


@app.command("retention")
def follow_rules(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Add up and delete what is not kept for ever; a running stack does so once a day."""
    with warehouse() as (settings, engine):
        work = retention.forgettable if dry_run else retention.forget
        show(work(engine, settings.retention), as_json=as_json)


@app.command()
def migrate() -> None:
    """Bring the warehouse to the newest schema; every other command does so by itself."""
    with warehouse():
        OUT.print("the warehouse is up to date")


def main() -> None:
    """One clear line on error and the exit code that is documented, unless --debug is given."""
    arguments = [one for one in sys.argv[1:] if one != "--debug"]
    is_debug = "--debug" in sys.argv
    try:
        sys.exit(app(arguments, standalone_mode=False))
    except typer.Abort:
        sys.exit(130)
    except Exception as error:
        if is_debug:
            raise
        line, code = _explain(error)
        ERR.print(f"gitinsight: {line}", markup=False, soft_wrap=True)
        sys.exit(code)


def _explain(error: Exception) -> tuple[str, int]:
    if isinstance(error, GitInsightError):
        return str(error), error.exit_code
    if isinstance(error, ValidationError):
        return _refused(error), 1
    if isinstance(error, UNREACHABLE):
        return f"the warehouse does not answer: {first_line(error)}", 75
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}", 1
    usage = getattr(error, "format_message", None)
    if callable(usage):
        return f"{usage()} (see --help)", 1
    return f"{type(error).__name__}: {error} (--debug shows where)", 1


def _refused(error: ValidationError) -> str:
    first = error.errors()[0]
    said = first["msg"].removeprefix("Value error, ")
    if not first["loc"] or said.startswith("GITINSIGHT_"):
        return said
    name = "__".join(["GITINSIGHT", *map(str, first["loc"])]).replace("__", "_", 1).upper()
    return f"the setting {name} is not valid: {said}"


def _work(running: Stack, wanted: list[str]) -> list[Job]:
    settings = running.settings
    engine = make_engine(settings.warehouse_url, process="cli", pool_size=2)
    try:
        queued = fleet.request(settings, engine, wanted)
        ended = follow(engine, queued, ERR)
        with engine.begin() as connection:
            print_results(connection, ended, OUT)
    finally:
        engine.dispose()
    api = f"http://{settings.api.host}:{settings.api.port}"
    OUT.print(f"Pages   {api}/")
    OUT.print(f"API     {api}/docs")
    OUT.print(f"Runs    {settings.orchestrator.url.removesuffix('/api')}")
    if running.embedded is not None:
        port = running.embedded.port
        OUT.print(
            f"SQL     psql -h 127.0.0.1 -p {port} -U postgres gitinsight"
            f"   (password: {settings.state_dir}/postgres.password)",
            soft_wrap=True,
        )  # fmt: skip
    OUT.print("Ctrl-C stops everything.")
    return ended


def _stop(engine: Engine, job_ids: Sequence[UUID]) -> list[Job]:
    with engine.begin() as connection:
        left = list(run_links.several(connection, job_ids))
        for job_id in left:
            jobs.request_cancel(connection, job_id, at=clock.now())
    return follow(engine, left, ERR)


def _interrupted() -> threading.Event:
    """Set when somebody asks this process to end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _signal, _frame: stop.set())
    return stop


def _own_history() -> list[str]:
    """Not of a shallow clone, which has only the end of it."""
    git = _CHECKOUT / ".git"
    return [str(_CHECKOUT)] if git.exists() and not (git / "shallow").exists() else []


if __name__ == "__main__":
    main()
