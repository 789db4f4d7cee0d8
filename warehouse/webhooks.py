"""Deliveries of GitHub's webhooks: kept once, taken in the order they came, finished once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from warehouse import forgotten
from warehouse.engine import Connection, driver


@dataclass(frozen=True, slots=True)
class Delivery:
    """``github_id`` is GitHub's id of the repository; ``attempts`` had no outcome."""

    delivery_id: UUID
    event: str
    action: str | None
    github_id: int | None
    body: bytes
    received_at: datetime
    attempts: int


def store(
    connection: Connection, *, delivery_id: UUID, event: str, action: str | None,
    github_id: int | None, headers: Mapping[str, str], body: bytes, at: datetime,
) -> bool:  # fmt: skip
    """Keep a delivery; False, and nothing is written, for one that came before. It names nobody
    who was forgotten.
    """
    body = forgotten.load(connection).json(body)
    stored = driver(connection).execute(
        """
        insert into ops.webhook_deliveries
            (delivery_id, event, action, github_id, headers, body, received_at)
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (delivery_id) do nothing
        """,
        (delivery_id, event, action, github_id, Jsonb(dict(headers)), body, at),
    )
    return stored.rowcount == 1


def take(connection: Connection, *, at: datetime) -> Delivery | None:
    """The oldest delivery that waits and that nobody else has; it is held until the transaction
    ends.
    """
    return (
        driver(connection)
        .cursor(row_factory=class_row(Delivery))
        .execute(
            """
            select delivery_id, event, action, github_id, body, received_at, attempts
            from ops.webhook_deliveries
            where processed_at is null and (not_before is null or not_before <= %s)
            order by received_at, delivery_id
            limit 1
            for update skip locked
            """,
            (at,),
        )
        .fetchone()
    )


def finish(
    connection: Connection, delivery: Delivery, *, outcome: str, at: datetime,
    error: str | None = None,
) -> None:  # fmt: skip
    """Give it its outcome: applied, marked, ignored, not followed, overtaken or failed."""
    driver(connection).execute(
        "update ops.webhook_deliveries"
        " set outcome = %s, error = %s, processed_at = %s, not_before = null"
        " where delivery_id = %s and processed_at is null",
        (outcome, error, at, delivery.delivery_id),
    )


def postpone(
    connection: Connection, delivery: Delivery, *, until: datetime, error: str | None = None
) -> None:
    """Let it wait for another attempt."""
    driver(connection).execute(
        "update ops.webhook_deliveries"
        " set attempts = attempts + 1, not_before = %s, error = %s"
        " where delivery_id = %s and processed_at is null",
        (until, error, delivery.delivery_id),
    )


def hasten(connection: Connection, github_id: int) -> None:
    """What those of one repository waited for may have happened now."""
    driver(connection).execute(
        "update ops.webhook_deliveries set not_before = null"
        " where github_id = %s and processed_at is null and not_before is not null",
        (github_id,),
    )
