"""Which tickets were used: by their digests, for as long as one could be used again."""

from datetime import datetime

from warehouse.engine import Connection, driver
from warehouse.sessions import digest


def use(connection: Connection, ticket: str, *, at: datetime, until: datetime) -> bool:
    """Whether it is the first time; of several at once one is the first."""
    raw = driver(connection)
    raw.execute("delete from auth.used_tickets where expires_at < %s", (at,))
    used = raw.execute(
        "insert into auth.used_tickets (digest, expires_at) values (%s, %s)"
        " on conflict do nothing returning 1",
        (digest(ticket), until),
    )
    return used.fetchone() is not None
