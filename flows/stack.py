"""The whole stack on one machine: which processes there are, and how they find each other."""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import certifi

from gitinsight import logs
from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime import postgres, process, state, valkey
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.runtime.process import free_port
from gitinsight.runtime.supervisor import Service, Supervisor
from gitinsight.settings import Settings, as_environment
from warehouse.engine import make_engine
from warehouse.migrate import migrate

_LOG = logs.get(__name__)
RUN_LOGGER = "gitinsight.runs"
"""What is said there is shown beside the run in Prefect's UI."""
_END_OF_CERTIFICATE = "-----END CERTIFICATE-----"
_DAGSTER_SECONDS = 300
"""Three processes that import much: half a minute on an idle machine."""
_PREFECT_SERVER = {
    # One row at a time is Prefect's default; a batch a second costs its server half as much.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "50",
    # Each connection is a process of PostgreSQL.
    "PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE": "3",
    # A run that found no place looks again this many seconds later; 30 by default.
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
}


@dataclass(frozen=True, slots=True)
class Stack:
    """``settings`` name every address as it turned out to be."""

    settings: Settings
    supervisor: Supervisor
    embedded: EmbeddedPostgres | None


@contextmanager
def server(
    settings: Settings, *, supervisor: Supervisor | None = None
) -> Iterator[tuple[Settings, EmbeddedPostgres | None]]:
    """A warehouse as it is: on the server that is named, else in the embedded cluster."""
    state.prepare(settings.state_dir)
    with ExitStack() as stack:
        embedded = None
        if settings.warehouse.url is None:
            embedded = stack.enter_context(
                postgres.running(
                    settings.state_dir, port=settings.warehouse.port, supervisor=supervisor
                )
            )
            settings = _with(settings, "warehouse", url=embedded.ensure_database("gitinsight"))
        yield settings, embedded


@contextmanager
def warehouse(
    settings: Settings, *, supervisor: Supervisor | None = None
) -> Iterator[tuple[Settings, EmbeddedPostgres | None]]:
    """The same, migrated."""
    with server(settings, supervisor=supervisor) as (told, embedded):
        engine = make_engine(told.warehouse_url, process="migrate", pool_size=1)
        try:
            migrate(engine, lock_timeout_ms=told.warehouse.lock_timeout_ms)
        finally:
            engine.dispose()
        yield told, embedded


@contextmanager
def running(settings: Settings, *, with_simulator: bool) -> Iterator[Stack]:
    """PostgreSQL, Valkey, Prefect, the API and one worker, and the simulated GitHub if wanted."""
    state.prepare(settings.state_dir)
    record = settings.state_dir / "run" / "pids.json"
    supervisor = Supervisor(settings.state_dir, record=record)
    with ExitStack() as stack:
        stack.enter_context(_alone(settings.state_dir))
        stack.callback(supervisor.stop)
        settings, embedded = stack.enter_context(warehouse(settings, supervisor=supervisor))
        if embedded is not None and "postgresql" not in supervisor.pids():
            raise BrokenEnvironment(
                f"another command has started the database in {settings.state_dir}, which ends with"
                " it",
                "wait for it, or stop it",
            )
        if settings.redis.url is None:
            settings = _start_valkey(settings, supervisor)
        settings = _with(settings, "api", port=_port(settings.api.port, "api", "API"))
        if settings.orchestrator.api_url is None:
            port = _port(settings.orchestrator.port, "orchestrator", "Prefect")
            settings = _with(settings, "orchestrator", port=port)
        if with_simulator:
            port = free_port(settings.simulator.port)
            url = f"http://127.0.0.1:{port}"
            settings = _with(settings, "simulator", port=port, url=url)
            supervisor.start(_simulator(settings))
        environment = environment_of(settings)
        together = [_api(settings, environment)]
        if settings.orchestrator.api_url is None:
            together.append(prefect_server(settings, environment, embedded))
        supervisor.start(*together)
        supervisor.start(worker(settings, environment))
        yield Stack(settings, supervisor, embedded)


@contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    """A second stack would overwrite what tells others of the first one."""
    with (state_dir / "run" / "stack.lock").open("w") as lock:
        if not process.lock(lock):
            raise BrokenEnvironment(
                f"a stack runs already in {state_dir}",
                "use it, stop it, or set GITINSIGHT_STATE_DIR to another directory",
            )
        yield


@contextmanager
def catalog(settings: Settings, *, port: int) -> Iterator[Stack]:
    """Dagster's UI over a warehouse, its own records beside it in the same server."""
    supervisor = Supervisor(settings.state_dir)
    with ExitStack() as stack:
        stack.callback(supervisor.stop)
        settings, embedded = stack.enter_context(warehouse(settings, supervisor=supervisor))
        if free_port(port) != port:
            raise BrokenEnvironment(f"port {port} of Dagster is in use", "give another by --port")
        home = settings.state_dir / "dagster"
        home.mkdir(exist_ok=True)
        url = embedded.ensure_database("dagster") if embedded else settings.warehouse_url
        (home / "dagster.yaml").write_text(dagster_instance(settings, url), "utf-8")
        environment = environment_of(settings) | {"DAGSTER_HOME": str(home)}
        supervisor.start(_dagster(environment, port))
        yield Stack(settings, supervisor, embedded)


def dagster_instance(settings: Settings, url: str) -> str:
    """Its configuration: everything in PostgreSQL, nothing told to anybody."""
    return json.dumps(
        {
            "storage": {"postgres": {"postgres_url": url}},
            "concurrency": {"runs": {"max_concurrent_runs": settings.orchestrator.concurrency}},
            # Of runs that never start, or never end though they were told to; of all the others
            # flows/catalog_runs.py knows better.
            "run_monitoring": {
                "enabled": True,
                "poll_interval_seconds": 30,
                "start_timeout_seconds": 600,
            },
            "telemetry": {"enabled": False},
            "nux": {"enabled": False},  # which asks for one's address
        }
    )


def _dagster(environment: dict[str, str], port: int) -> Service:
    command = [
        str(Path(sys.executable).with_name("dagster")), "dev", "--module-name", "flows.catalog",
        "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    return Service(
        "dagster", command, environment, _answers(f"http://127.0.0.1:{port}/server_info"),
        start_seconds=_DAGSTER_SECONDS,
    )  # fmt: skip


def _start_valkey(settings: Settings, supervisor: Supervisor) -> Settings:
    found = valkey.service(settings.state_dir, port=settings.redis.port)
    if found is None:
        return settings
    service, url = found
    supervisor.start(service)
    return _with(settings, "redis", url=url)


def environment_of(settings: Settings) -> dict[str, str]:
    """What a process of the stack is told: every setting as it turned out, and Prefect's own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "GITINSIGHT_"))
    }
    return (
        kept
        | as_environment(settings)
        | {
            "PREFECT_API_URL": settings.orchestrator.url,
            "PREFECT_HOME": str(settings.state_dir / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
            "PREFECT_LOGGING_LEVEL": "WARNING",
            "PREFECT_LOGGING_EXTRA_LOGGERS": RUN_LOGGER,
            "PREFECT_UI_URL": settings.orchestrator.url.removesuffix("/api"),
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
            "DO_NOT_TRACK": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(Path(__file__).parents[1]),
            **_PREFECT_SERVER,
        }
        | _few_authorities(settings)
    )


def _few_authorities(settings: Settings) -> dict[str, str]:
    """Each of Prefect's clients reads the certificates of all authorities, which takes 30 ms, some
    twenty times in an analysis. Over HTTP no certificate is looked at: there they read one.
    """
    if not settings.orchestrator.url.startswith("http://"):
        return {}
    path = settings.state_dir / "prefect" / "authority.pem"
    if not path.exists():
        first, end, _ = Path(certifi.where()).read_text("utf-8").partition(_END_OF_CERTIFICATE)
        path.parent.mkdir(parents=True, exist_ok=True)
        state.write_whole(path, f"{first}{end}\n".encode())
    return {"PREFECT_API_SSL_CERT_FILE": str(path)}


def _simulator(settings: Settings) -> Service:
    url = settings.simulator.url or ""
    command = [
        sys.executable,
        "-m",
        "flows.cli",
        "simulate",
        "--port",
        str(settings.simulator.port),
    ]
    environment = environment_of(settings)
    return Service("simulator", command, environment, _answers(f"{url}/_stats"))


def _api(settings: Settings, environment: dict[str, str]) -> Service:
    command = [sys.executable, "-m", "api.serve"]
    host = settings.api.host if settings.api.host != "0.0.0.0" else "127.0.0.1"  # noqa: S104
    url = f"http://{host}:{settings.api.port}/health/ready"
    return Service("api", command, environment, _answers(url))


def prefect_server(
    settings: Settings, environment: dict[str, str], embedded: EmbeddedPostgres | None
) -> Service:
    host, port = settings.orchestrator.host, settings.orchestrator.port
    command = [
        str(Path(sys.executable).with_name("prefect")), "server", "start",
        "--host", host, "--port", str(port),
    ]  # fmt: skip
    told = {name: value for name, value in environment.items() if name != "PREFECT_API_URL"}
    # What its pages ask; by itself it names the default port, wherever it listens.
    told["PREFECT_SERVER_UI_API_URL"] = settings.orchestrator.url
    if embedded is not None:
        url = embedded.ensure_database("prefect")
        told["PREFECT_API_DATABASE_CONNECTION_URL"] = url.replace(
            "postgresql://", "postgresql+asyncpg://"
        )
    return Service("prefect", command, told, _answers(f"http://{host}:{port}/api/ready"))


def worker(settings: Settings, environment: dict[str, str], *, name: str = "worker") -> Service:
    command = [sys.executable, "-m", "flows.worker"]
    served = f"{settings.orchestrator.url}/deployments/name/analyze-repository/served"
    return Service(name, command, environment, _answers(served, saying=b'"READY"'))


def _answers(url: str, *, saying: bytes = b"") -> Callable[[], bool]:
    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
                return saying in answer.read()
        except (urllib.error.URLError, OSError):
            return False

    return ready


def _port(wanted: int, setting: str, name: str) -> int:
    """A port that somebody may have bookmarked is not exchanged for another behind their back."""
    if free_port(wanted) != wanted:
        raise BrokenEnvironment(
            f"port {wanted} of the {name} is in use",
            f"stop what uses it, or set GITINSIGHT_{setting.upper()}__PORT to another",
        )
    return wanted


def _with(settings: Settings, part: str, **values: object) -> Settings:
    """The settings with some of one part exchanged, checked like those from outside."""
    held = getattr(settings, part)
    changed = type(held).model_validate({**held.model_dump(), **values})
    return settings.model_copy(update={part: changed})
