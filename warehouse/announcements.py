"""What PostgreSQL announces about jobs, as an asynchronous stream."""

import json
from collections.abc import AsyncIterator
from typing import Any

from psycopg import AsyncConnection
from sqlalchemy import make_url

CHANNEL = "gitinsight_job_events"


async def listen(url: str) -> AsyncIterator[dict[str, Any]]:
    """``event_id``, ``job_id``, ``repository_id`` and ``seq`` of each event, on one connection."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    async with await AsyncConnection.connect(
        plain, autocommit=True, application_name="gitinsight-api-listen", connect_timeout=10
    ) as connection:
        await connection.execute("listen gitinsight_job_events")
        yield {}
        async for notification in connection.notifies():
            yield json.loads(notification.payload)
