"""Summaries of several repositories at once, each with the version that announcements name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import dict_row

from gitinsight.errors import NotFound
from warehouse import ledger
from warehouse.engine import Connection, Engine, driver
from warehouse.ledger import Known, Standing


@dataclass(frozen=True, slots=True)
class Summary:
    """``version`` grows with whatever changes the others, as text that compares."""

    version: str
    is_private: bool
    row: dict[str, Any]
    standing: Standing


def summaries(engine: Engine, repository_ids: Sequence[int]) -> dict[int, Summary | NotFound]:
    """All as of one instant; for one that is not there, what is missing of it."""
    with engine.execution_options(isolation_level="REPEATABLE READ").begin() as connection:
        rows = _rows(connection, repository_ids)
        known = ledger.known(connection, repository_ids)
    return {one: _summary(one, known.get(one), rows) for one in repository_ids}


def _summary(
    repository_id: int, known: Known | None, rows: Mapping[int, dict[str, Any]] | None
) -> Summary | NotFound:
    if known is None:
        return NotFound(f"repository {repository_id}")
    if rows is None:
        return NotFound("mart repository_summary")
    if repository_id not in rows or known.version is None:
        return NotFound(f"summary of repository {repository_id}")
    return Summary(known.version, known.is_private, rows[repository_id], known.standing)


def _rows(
    connection: Connection, repository_ids: Sequence[int]
) -> dict[int, dict[str, Any]] | None:
    """None before the first publication of all, when there is no such mart."""
    cursor = driver(connection).cursor(row_factory=dict_row)
    there = cursor.execute("select to_regclass('marts.repository_summary') is not null as is_there")
    if not (there.fetchone() or {})["is_there"]:
        return None
    rows = cursor.execute(
        "select * from marts.repository_summary where repository_id = any(%s)",
        (list(repository_ids),),
    )
    return {row["repository_id"]: row for row in rows}
