"""Alembic's environment: only the schemas that Alembic owns, one transaction, a lock timeout."""

from collections.abc import MutableMapping
from typing import Literal

from alembic import context
from sqlalchemy import Connection

from warehouse.tables.catalogue import OWNED, metadata


def _is_ours(
    name: str | None,
    kind: Literal[
        "schema",
        "table",
        "column",
        "index",
        "unique_constraint",
        "foreign_key_constraint",
        "check_constraint",
    ],
    _parents: MutableMapping[
        Literal["schema_name", "table_name", "schema_qualified_table_name"], str | None
    ],
) -> bool:
    return name in OWNED if kind == "schema" else True


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=True,
        include_name=_is_ours,
        version_table_schema="ops",
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])
