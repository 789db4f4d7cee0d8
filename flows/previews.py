"""Answers what somebody has asked over HTTP: what a merge of identities would change."""

import threading
from dataclasses import asdict

from flows import merge_preview
from gitinsight import clock, logs
from gitinsight.clock import Clock
from gitinsight.errors import GitInsightError, first_line
from gitinsight.settings import Settings
from warehouse import previews
from warehouse.engine import UNREACHABLE, Engine, session_lock

_LOG = logs.get(__name__)
_POLL_SECONDS = 1.0


def watch(settings: Settings, engine: Engine, *, stop: threading.Event) -> None:
    """Answer them until somebody says ``stop``, one by one: each takes the schemas of the past."""
    while not stop.wait(_POLL_SECONDS):
        try:
            while answer_next(settings, engine):
                pass
        except UNREACHABLE as error:
            _LOG.warning("warehouse_not_reached", reason=first_line(error))
        except Exception as error:  # noqa: BLE001 - the edge of a thread: it must not end
            _LOG.warning("previews_interrupted", reason=first_line(error))


def answer_next(settings: Settings, engine: Engine, *, now: Clock = clock.now) -> bool:
    """Whether one had waited. One that was interrupted is made anew by whoever comes next."""
    with engine.begin() as connection:
        if previews.waiting(connection) is None:
            return False
    with session_lock(engine, previews.LOCK_KEY):
        with engine.begin() as connection:
            wanted = previews.waiting(connection)
        if wanted is None:
            return False
        moves, reason = None, None
        try:
            found = merge_preview.moves(settings, engine, wanted.alias, wanted.person)
            moves = [asdict(one) for one in found]
        except GitInsightError as error:
            reason = str(error)
        except UNREACHABLE:
            raise
        except Exception as error:  # noqa: BLE001 - it must not be asked for again and again
            reason = first_line(error)
            _LOG.warning("preview_failed", preview_id=wanted.preview_id, reason=reason)
        with engine.begin() as connection:
            previews.finish(
                connection, wanted.preview_id, moves=moves, reason=reason, at=now()
            )  # fmt: skip
    return True
