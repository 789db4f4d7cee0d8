"""The workers that are up: the places of all of them are one pool, wherever they are."""

from datetime import datetime, timedelta
from uuid import UUID

from warehouse.engine import Connection, driver

_TOLD_EVERY = timedelta(seconds=5)
SILENT = timedelta(seconds=30)
"""Who has not been heard of for so long is not up, as its jobs are not by then."""
_FORGOTTEN = timedelta(days=1)

_TELL = """
insert into ops.workers as held (worker_id, host, places, started_at, seen_at)
values (%(id)s, %(host)s, %(places)s, %(at)s, %(at)s)
on conflict (worker_id) do update set seen_at = excluded.seen_at, places = excluded.places
where held.seen_at <= %(at)s - %(every)s
"""
_PLACES = "select coalesce(sum(places), 0) from ops.workers where seen_at > %s"


def tell(connection: Connection, worker_id: UUID, *, host: str, places: int, at: datetime) -> None:
    """That it is up, and how many analyses it runs at once; not written each time it is told."""
    told = {"id": worker_id, "host": host, "places": places, "at": at, "every": _TOLD_EVERY}
    if driver(connection).execute(_TELL, told).rowcount:
        driver(connection).execute("delete from ops.workers where seen_at < %s", (at - _FORGOTTEN,))


def places(connection: Connection, *, at: datetime) -> int:
    """Of all that are up."""
    found = driver(connection).execute(_PLACES, (at - SILENT,)).fetchone()
    return int(found[0]) if found else 0


def leave(connection: Connection, worker_id: UUID) -> None:
    """It ends, and its places with it."""
    driver(connection).execute("delete from ops.workers where worker_id = %s", (worker_id,))
