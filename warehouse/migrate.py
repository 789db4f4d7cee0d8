"""Bring the warehouse's own schemas to the newest revision, one process at a time."""

import time
from importlib.resources import files

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from gitinsight import logs
from gitinsight.errors import UpstreamUnavailable
from warehouse.engine import Connection, Engine, session_lock
from warehouse.tables.catalogue import OWNED, metadata

_LOG = logs.get(__name__)
_LOCK_KEY = 7_105_201
_OLDEST = """
select coalesce(nullif(application_name, ''), usename, 'somebody'), pid, xact_start
from pg_stat_activity
where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()
order by xact_start limit 1
"""


def migrate(
    engine: Engine, *, lock_timeout_ms: int = 5_000, attempts: int = 10, pause_seconds: float = 1.0
) -> None:
    """Upgrade to head. Safe to call from every process at its start: they queue for one lock.

    A migration waits for a lock no longer than the timeout, for whoever comes after it waits behind
    it. Then it lets them all pass and tries again. What has been upgraded by then stays so.
    """
    with session_lock(engine, _LOCK_KEY):
        for _ in range(attempts - 1):
            try:
                _upgrade(engine, lock_timeout_ms)
            except OperationalError as error:
                if not isinstance(error.orig, LockNotAvailable):
                    raise
                _LOG.info("migration.waits", holder=_oldest(engine))
                time.sleep(pause_seconds)
            else:
                return
        try:
            _upgrade(engine, lock_timeout_ms)
        except OperationalError as error:
            if isinstance(error.orig, LockNotAvailable):
                raise UpstreamUnavailable(
                    "the warehouse", f"a migration waits for what is locked by {_oldest(engine)}"
                ) from error
            raise


def _upgrade(engine: Engine, lock_timeout_ms: int) -> None:
    with engine.connect() as connection:
        connection.detach()  # the lock timeout ends with it, instead of waiting in the pool
        connection.exec_driver_sql(f"set lock_timeout = {int(lock_timeout_ms)}")
        connection.exec_driver_sql("create schema if not exists ops")
        connection.commit()
        command.upgrade(_config(connection), "head")
        connection.commit()


def head() -> str:
    """The newest revision that this version of GitInsight has."""
    config = Config()
    config.set_main_option("script_location", str(files("warehouse") / "migrations"))
    newest = ScriptDirectory.from_config(config).get_current_head()
    assert newest is not None  # noqa: S101 - there are migrations, and one line of them
    return newest


def current(connection: Connection) -> str | None:
    """The revision of the warehouse; null where there are no tables yet."""
    at = MigrationContext.configure(connection, opts={"version_table_schema": "ops"})
    return at.get_current_revision()


def _oldest(engine: Engine) -> str:
    """Who has been in a transaction for longest, as a person may look for."""
    with engine.connect() as connection:
        row = connection.exec_driver_sql(_OLDEST).fetchone()
    return "nobody any more" if row is None else f"{row[0]} (pid {row[1]}) since {row[2]:%H:%M:%SZ}"


def differences(engine: Engine) -> list[object]:
    """What ``alembic check`` would report: empty when tables and migrations agree."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _: kind != "schema" or name in OWNED,
                "version_table_schema": "ops",
            },
        )
        return list(compare_metadata(context, metadata))


def revision(engine: Engine, message: str) -> None:
    """Write a new migration from the difference between the tables and the database."""
    with engine.connect() as connection:
        command.revision(_config(connection), message, autogenerate=True)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("warehouse") / "migrations"))
    config.attributes["connection"] = connection
    return config
