"""Everything that is followed, kept up to date: what the refresh flow does, without Prefect."""

from datetime import datetime, timedelta

from flows import organisations
from flows.changes import queue_changed
from gitinsight import clock
from gitinsight.settings import Settings
from warehouse import repositories
from warehouse.engine import Engine
from warehouse.repositories import Repository

_MOST = 1_000_000
_LOOK_AGAIN = timedelta(days=1)
"""What is private, blocked or disabled is one request a day, for it may be shown again."""


def refresh(settings: Settings, engine: Engine) -> int:
    """Look for repositories that are new to the organisations, and for changes in all that are
    followed: in those that GitHub did not show, once a day. How many jobs were queued.
    """
    found = organisations.discover_all(settings, engine)
    with engine.begin() as connection:
        followed = repositories.search(connection, limit=_MOST)
    now = clock.now()
    return found + queue_changed(settings, engine, [one for one in followed if _is_due(one, now)])


def _is_due(repository: Repository, now: datetime) -> bool:
    checked_at = repository.checked_at
    return repository.is_readable or checked_at is None or now - checked_at >= _LOOK_AGAIN
