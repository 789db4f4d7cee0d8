"""Finishes what somebody has removed: erases it as soon as no job works at it, mirrors too."""

import threading
from datetime import timedelta
from pathlib import Path

from gitinsight import clock, logs
from gitinsight.clock import Clock
from gitinsight.errors import first_line
from gitinsight.git.mirror import Mirror
from gitinsight.settings import Settings
from warehouse import removal, tombstones
from warehouse.engine import UNREACHABLE, Engine
from warehouse.tombstones import Tombstone

_LOG = logs.get(__name__)
_POLL_SECONDS = 1.0
_TIDY_EVERY = timedelta(minutes=10)
_TIDY_FOR = timedelta(days=1)
"""Nobody who had begun before a removal writes later than that."""


def watch(settings: Settings, engine: Engine, *, stop: threading.Event) -> None:
    """Erase until somebody says ``stop``, and tidy up when it begins and now and then."""
    tidied_at = None
    while not stop.wait(_POLL_SECONDS):
        try:
            if finish(engine, stop=stop):
                drop_mirrors(engine, settings.state_dir)
            at = clock.now()
            if tidied_at is None or at - tidied_at >= _TIDY_EVERY:
                tidy(engine, stop=stop)
                drop_mirrors(engine, settings.state_dir)
                tidied_at = at
        except UNREACHABLE as error:
            _LOG.warning("warehouse_not_reached", reason=first_line(error))
        except Exception as error:  # noqa: BLE001 - the edge of a thread: it must not end
            _LOG.warning("removals_interrupted", reason=first_line(error))


def finish(
    engine: Engine, *, now: Clock = clock.now, stop: threading.Event | None = None
) -> list[Tombstone]:
    """Those of which nothing is left now. One that cannot be erased keeps no other waiting."""
    with engine.begin() as connection:
        waiting = tombstones.pending(connection)
    found = [_erase(engine, one, now, stop) for one in waiting]
    return [one for one in found if one is not None]


def tidy(engine: Engine, *, now: Clock = clock.now, stop: threading.Event | None = None) -> None:
    """Look again at what was erased lately: whoever had begun before it was removed, and is no job,
    may have written something since.
    """
    with engine.begin() as connection:
        lately = tombstones.erased(connection, since=now() - _TIDY_FOR)
    for one in removal.met_again(engine, lately):
        removal.erase(engine, one, now=now, stop=stop)


def drop_mirrors(engine: Engine, state_dir: Path) -> list[int]:
    """Git mirrors of this host whose repositories are erased. An id is given once, so that none is
    of one that was added since.
    """
    mirrors = {
        int(path.stem): path
        for path in (state_dir / "mirrors").glob("*.git")
        if path.stem.isdecimal()
    }
    if not mirrors:
        return []
    with engine.begin() as connection:
        gone = sorted(tombstones.among(connection, mirrors))
    for one in gone:
        Mirror(mirrors[one], "").discard()
        _LOG.info("mirror_dropped", repository_id=one)
    return gone


def _erase(
    engine: Engine, one: Tombstone, now: Clock, stop: threading.Event | None
) -> Tombstone | None:
    try:
        done = removal.erase(engine, one, now=now, stop=stop)
    except UNREACHABLE:
        raise
    except Exception as error:  # noqa: BLE001 - the others are erased all the same
        _LOG.warning(
            "repository_not_erased", repository_id=one.repository_id, reason=first_line(error)
        )
        return None
    if done is not None:
        _LOG.info("repository_erased", repository_id=one.repository_id, rows=done.rows_count)
    return done
