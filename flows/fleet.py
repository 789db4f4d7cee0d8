"""Everything that is followed, kept up to date: what the refresh flow does, without Prefect."""

from flows import organisations
from flows.changes import queue_changed
from gitinsight.settings import Settings
from warehouse import repositories
from warehouse.engine import Engine

_MOST = 1_000_000


def refresh(settings: Settings, engine: Engine) -> int:
    """Look for repositories that are new to the organisations, and for changes in all that are
    followed and can be read; how many jobs were queued.
    """
    found = organisations.discover_all(settings, engine)
    with engine.begin() as connection:
        followed = repositories.search(connection, limit=_MOST)
    return found + queue_changed(settings, engine, [one for one in followed if one.is_readable])
