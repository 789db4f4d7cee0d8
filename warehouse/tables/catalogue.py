"""Every table that Alembic owns; dbt owns the other schemas."""

from warehouse.tables import (  # noqa: F401 - each fills the metadata
    actors,
    auth,
    code,
    forgotten,
    insights,
    intake,
    models,
    notifications,
    ops,
    outbox,
    payloads,
    persons,
    raw,
    removals,
    reports,
    retention,
    workers,
)
from warehouse.tables.shape import metadata

__all__ = ["OWNED", "metadata"]

OWNED = frozenset({"raw", "insights", "ops", "auth"})
