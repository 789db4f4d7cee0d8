"""What PostgreSQL announces, as an asynchronous stream: events of jobs, and changed figures."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import AsyncConnection, Notify
from sqlalchemy import make_url

JOB_EVENTS = "gitinsight_job_events"
FIGURES = "gitinsight_figures"
ACCESS = "gitinsight_access"
_BEAT_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Began:
    """From now on nothing is missed; before, anything may have been. ``room`` is how many
    connections the server takes of those who are nobody special.
    """

    room: int


@dataclass(frozen=True, slots=True)
class Alive:
    """Everything that was announced before ``since``, of the monotonic clock, has been told.
    ``has_tables`` where our own are there.
    """

    since: float
    has_tables: bool


@dataclass(frozen=True, slots=True)
class JobEvent:
    job_id: str
    repository_id: int
    seq: int


@dataclass(frozen=True, slots=True)
class FiguresChanged:
    """``version`` is that of `warehouse/summaries.py`; null where nothing is shown any more."""

    repository_id: int
    version: str | None


@dataclass(frozen=True, slots=True)
class AccessChanged:
    """Somebody may do less than before, or something else."""


Announced = Began | Alive | JobEvent | FiguresChanged | AccessChanged


async def listen(url: str) -> AsyncIterator[Announced]:
    """On one connection, which is asked four times a second whether it is one still."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    async with await AsyncConnection.connect(
        plain, autocommit=True, application_name="gitinsight-api-listen", connect_timeout=10,
        keepalives_idle=2, keepalives_interval=1, keepalives_count=3,
        tcp_user_timeout=5_000,  # something was just asked: nobody asks whether he is there
    ) as connection:  # fmt: skip
        await connection.execute("listen gitinsight_job_events")
        await connection.execute("listen gitinsight_figures")
        await connection.execute("listen gitinsight_access")
        yield Began(await _room(connection))
        while True:
            asked_at = time.monotonic()
            has_tables = await _value(connection, "select to_regclass('ops.jobs') is not null")
            async for notification in connection.notifies(timeout=0):
                yield _told(notification)
            yield Alive(asked_at, bool(has_tables))
            async for notification in connection.notifies(timeout=_BEAT_SECONDS):
                yield _told(notification)


async def _room(connection: AsyncConnection[tuple[Any, ...]]) -> int:
    room = await _value(
        connection,
        "select current_setting('max_connections')::int"
        " - current_setting('superuser_reserved_connections')::int",
    )
    return int(room)


async def _value(connection: AsyncConnection[tuple[Any, ...]], query: LiteralString) -> Any:
    found = await connection.execute(query)
    return (await found.fetchall())[0][0]


def _told(notification: Notify) -> Announced:
    if notification.channel == ACCESS:
        return AccessChanged()
    said: dict[str, Any] = json.loads(notification.payload)
    if notification.channel == FIGURES:
        return FiguresChanged(said["repository_id"], said["version"])
    return JobEvent(said["job_id"], said["repository_id"], said["seq"])
