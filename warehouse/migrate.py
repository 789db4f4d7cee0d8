"""Bring the warehouse's own schemas to the newest revision, one process at a time."""

from importlib.resources import files

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from warehouse.engine import Connection, Engine, session_lock
from warehouse.tables.catalogue import OWNED, metadata

_LOCK_KEY = 7_105_201


def migrate(engine: Engine, *, lock_timeout_ms: int = 5_000) -> None:
    """Upgrade to head. Safe to call from every process at its start: they queue for one lock."""
    with session_lock(engine, _LOCK_KEY), engine.connect() as connection:
        connection.detach()  # the lock timeout ends with it, instead of waiting in the pool
        connection.exec_driver_sql(f"set lock_timeout = {int(lock_timeout_ms)}")
        connection.exec_driver_sql("create schema if not exists ops")
        connection.commit()
        command.upgrade(_config(connection), "head")
        connection.commit()


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
