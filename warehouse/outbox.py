"""Messages for a broker, written in the transaction of what they tell of and kept until it has
confirmed them.

Events of jobs and publications are written by triggers, so that whoever makes one tells it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from warehouse.engine import Connection, driver
from warehouse.quality import Check, verdict

_LOCK_KEY = 7_105_240
"""Of the one who publishes: two at once would mix up the order of a job."""
_FAILED_MOST = 100


@dataclass(frozen=True, slots=True)
class Message:
    outbox_id: int
    message_id: str
    routing_key: str
    repository_id: int
    body: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """``seconds`` is the age of the oldest; null where none waits."""

    count: int
    seconds: float | None


def attend(connection: Connection, exchange: str, *, at: datetime) -> None:
    """From now on events are written: somebody takes them."""
    driver(connection).execute(
        "insert into ops.outbox_readers (exchange, seen_at) values (%s, %s)"
        " on conflict (exchange) do update set seen_at = excluded.seen_at",
        (exchange, at),
    )


def take(connection: Connection, *, limit: int) -> list[Message]:
    """The oldest ones; none while somebody else publishes. They are held until the transaction
    ends, and stay unless ``confirm`` is called in it.
    """
    raw = driver(connection)
    held = raw.execute("select pg_try_advisory_xact_lock(%s)", (_LOCK_KEY,)).fetchone()
    if not (held and held[0]):
        return []
    return (
        raw.cursor(row_factory=class_row(Message))
        .execute(
            "select outbox_id, message_id, routing_key, repository_id, body, at from ops.outbox"
            " order by outbox_id limit %s",
            (limit,),
        )
        .fetchall()
    )


def confirm(connection: Connection, messages: Sequence[Message]) -> None:
    """The broker has them."""
    driver(connection).execute(
        "delete from ops.outbox where outbox_id = any(%s)",
        ([one.outbox_id for one in messages],),
    )


def waiting(connection: Connection) -> Waiting:
    found = (
        driver(connection)
        .execute(
            "select count(*), extract(epoch from clock_timestamp() - min(at))::float8"
            " from ops.outbox"
        )
        .fetchone()
    )
    return Waiting(*found) if found else Waiting(0, None)


def tell_quality(
    connection: Connection, checks: Sequence[Check], *, job_id: UUID, repository_id: int,
    at: datetime,
) -> None:  # fmt: skip
    """One message for all checks of a job, with those that failed."""
    failed = [one for one in checks if one.status == "failed"]
    found = verdict(checks)
    body = {
        "job_id": str(job_id), "repository_id": repository_id, "at": at.isoformat(),
        "verdict": found,
        "counts": {
            state: sum(one.status == state for one in checks)
            for state in ("passed", "failed", "skipped")
        },
        "failed": [
            {
                "check_name": one.check_name, "tool": one.tool, "subject": one.subject,
                "severity": one.severity, "failures": one.failures,
            }
            for one in failed[:_FAILED_MOST]
        ],
    }  # fmt: skip
    driver(connection).execute(
        "select ops.put_message(%s, %s, %s, %s)",
        (
            f"quality:{job_id}:{at.isoformat()}", f"quality.{found}", repository_id, Jsonb(body),
        ),
    )  # fmt: skip
