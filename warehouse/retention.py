"""What is not kept for ever: how long each table's rows are, and what is left of them then.

A batch is one statement, so that what is rolled up and what is deleted are always the same rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.sql import SQL, Composed, Identifier

from gitinsight.things.catalogue import GITHUB_THINGS
from warehouse.engine import Connection, driver

LOCK_KEY = 7_105_204
"""Held while rows are forgotten, and by one process at a time."""


@dataclass(frozen=True, slots=True)
class RollUp:
    """Where rows are added up before they go: column there -> expression here."""

    table: str
    key: Mapping[LiteralString, LiteralString]
    sums: Mapping[LiteralString, LiteralString]


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of ``table``, called ``held``, go some days after ``age`` where ``condition`` holds.

    ``setting`` names the field of RetentionSettings that says how many days. Of a table that
    ``is_thinned`` some of the old rows stay, so that it grows on.
    """

    setting: str
    table: str
    age: str
    condition: LiteralString = "true"
    rolled_up: RollUp | None = None
    is_thinned: bool = False


_DAY: LiteralString = "(at at time zone 'UTC')::date"

RULES = (
    Rule(
        "requests_days", "ops.requests", "at",
        # What a job was charged is added up when it ends.
        condition="not exists (select 1 from ops.jobs where jobs.job_id = held.job_id"
        " and jobs.state in ('queued', 'running'))",
        rolled_up=RollUp(
            "ops.requests_daily",
            key={
                "repository_id": "coalesce(repository_id, 0)", "day": _DAY,
                "principal": "principal", "bucket": "bucket", "status": "status",
            },
            sums={
                "requests_count": "count(*)", "cost": "sum(cost)",
                "milliseconds": "sum(milliseconds)", "bytes": "sum(bytes)",
            },
        ),
    ),
    Rule(
        "job_events_days", "ops.job_events", "at",
        # The last one of each job stays: whoever listens is told by it that the job has ended.
        condition="exists (select 1 from ops.jobs where jobs.job_id = held.job_id"
        " and jobs.last_seq > held.seq and jobs.finished_at is not null)",
    ),
    Rule(
        "quality_results_days", "ops.quality_results", "at",
        # The newest of each repository are shown.
        condition="held.at < (select max(newest.at) from ops.quality_results as newest"
        " where newest.repository_id = held.repository_id) and not exists (select 1"
        " from ops.publications where publications.job_id = held.job_id)",
        rolled_up=RollUp(
            "ops.quality_results_daily",
            key={
                "repository_id": "repository_id", "day": _DAY, "tool": "tool",
                "severity": "severity", "status": "status",
            },
            sums={"results_count": "count(*)"},
        ),
    ),
    Rule("audit_days", "auth.audit", "at"),
    # Who logged in from where is as old as its last refresh token.
    Rule("audit_days", "auth.refresh_tokens", "expires_at"),
    Rule(
        "audit_days", "auth.sessions", "created_at",
        condition="not exists (select 1 from auth.refresh_tokens"
        " where refresh_tokens.session_id = held.session_id)",
    ),
    # GitHub itself redelivers for three days.
    Rule("webhook_deliveries_days", "ops.webhook_deliveries", "processed_at"),
    # What is not sent yet is not old.
    Rule("notifications_days", "ops.notifications", "at", condition="held.next_at is null"),
    # They tell of what can be asked for: nothing is lost with them but the telling.
    Rule("outbox_days", "ops.outbox", "at"),
    # ops.archive_hours keeps how many there were, and an hour can be loaded again.
    Rule("gharchive_events_days", "raw.gharchive_events", "hour"),
    # The past is shown as it was published: what no publication was made of is shown at no instant.
    *(
        Rule(
            "history_days", table, "valid_to",
            condition="not exists (select 1 from ops.jobs"
            " where jobs.repository_id = held.repository_id"
            " and jobs.outcome ->> 'publication' is not null"
            " and jobs.finished_at >= held.valid_from and jobs.finished_at < held.valid_to)",
            is_thinned=True,
        )
        for table in (
            *(f"raw.{thing.table}_history" for thing in GITHUB_THINGS),
            "insights.code_files_history", "insights.code_snapshots_history",
        )
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Rows that one batch has deleted, and how many of the roll-up it has written."""

    deleted: int = 0
    rolled_up: int = 0


def forgettable(connection: Connection, rule: Rule, *, before: datetime) -> int:
    """How many rows go."""
    found = (
        driver(connection)
        .execute(SQL("select count(*) from {}").format(_old(rule)), (before,))
        .fetchone()
    )
    return int(found[0]) if found else 0


def oldest(connection: Connection, rule: Rule) -> datetime | None:
    """Of the rows that are held; null where there is none, or where it decides nothing."""
    if rule.is_thinned:
        return None
    statement = SQL("select min({}) from {}").format(Identifier(rule.age), _table(rule.table))
    found = driver(connection).execute(statement).fetchone()
    return found[0] if found else None


def forget(connection: Connection, rule: Rule, *, before: datetime, limit: int) -> Forgotten:
    """Add up and delete the oldest ``limit`` rows, by one statement: both happen or neither."""
    statement = SQL(
        "with gone as (delete from {table} where ctid = any(array("
        "select held.ctid from {old} order by held.{age} limit %s for update of held skip locked"
        ")) returning *), rolled_up as ({rolled_up})"
        " select (select count(*) from gone), (select count(*) from rolled_up)"
    ).format(
        table=_table(rule.table), old=_old(rule), age=Identifier(rule.age),
        rolled_up=_roll_up(rule.rolled_up) if rule.rolled_up else SQL("select where false"),
    )  # fmt: skip
    found = driver(connection).execute(statement, (before, limit)).fetchone()
    return Forgotten(*found) if found else Forgotten()


def _old(rule: Rule) -> Composed:
    return SQL("{} as held where held.{} < %s and {}").format(
        _table(rule.table), Identifier(rule.age), SQL(rule.condition)
    )


def _roll_up(into: RollUp) -> Composed:
    def listed(names: Mapping[LiteralString, LiteralString]) -> Composed:
        return SQL(", ").join(map(Identifier, names))

    added = [SQL("{0} = held.{0} + excluded.{0}").format(Identifier(name)) for name in into.sums]
    return SQL(
        "insert into {table} as held ({key}, {sums}) select {key_here}, {sums_here} from gone"
        " group by {key_here} on conflict ({key}) do update set {added} returning 1"
    ).format(
        table=_table(into.table), key=listed(into.key), sums=listed(into.sums),
        key_here=SQL(", ").join(map(SQL, into.key.values())),
        sums_here=SQL(", ").join(map(SQL, into.sums.values())), added=SQL(", ").join(added),
    )  # fmt: skip


def _table(name: str) -> Identifier:
    return Identifier(*name.split("."))
