"""Forgets what is not kept for ever, and measures how the tables grow."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from gitinsight import clock, logs
from gitinsight.clock import Clock
from gitinsight.errors import first_line
from gitinsight.settings import RetentionSettings
from warehouse import retention, sizes
from warehouse.engine import UNREACHABLE, Engine, session_lock
from warehouse.retention import RULES, Rule

_LOG = logs.get(__name__)
_POLL_SECONDS = 600.0
_MISSED_AFTER = timedelta(days=1)
BATCH_ROWS = 10_000
"""One transaction: about a tenth of a second, so that nobody waits for it."""

Rows = list[dict[str, Any]]


def watch(engine: Engine, *, settings: RetentionSettings, stop: threading.Event) -> None:
    """Until somebody says ``stop``: forget where the schedule did not, as on a machine that is off
    at night.
    """
    while not stop.is_set():
        try:
            if is_due(engine, clock.now()):
                forget(engine, settings, stop=stop)
        except UNREACHABLE as error:
            _LOG.warning("warehouse_not_reached", reason=first_line(error))
        except Exception as error:  # noqa: BLE001 - the edge of a thread: it must not end
            _LOG.warning("retention_interrupted", reason=first_line(error))
        stop.wait(_POLL_SECONDS)


def is_due(engine: Engine, at: datetime) -> bool:
    with engine.begin() as connection:
        last = sizes.measured_on(connection)
    return last is None or at.date() - last > _MISSED_AFTER


def forget(
    engine: Engine, settings: RetentionSettings, *, now: Clock = clock.now,
    stop: threading.Event | None = None, batch_rows: int = BATCH_ROWS,
) -> Rows:  # fmt: skip
    """Batch by batch, each a transaction of its own; what went, table by table. One that is ended
    in the middle is gone on with by the next.
    """
    forgotten: Counter[str] = Counter()
    with session_lock(engine, retention.LOCK_KEY):
        for rule, before in _due(settings, now()):
            is_more = True
            while is_more and not (stop and stop.is_set()):
                with engine.begin() as connection:
                    batch = retention.forget(connection, rule, before=before, limit=batch_rows)
                forgotten[rule.table] += batch.deleted
                is_more = batch.deleted == batch_rows
        if not (stop and stop.is_set()):
            with engine.begin() as connection:
                sizes.record(connection, at=now(), forgotten=forgotten)
    _LOG.info("rows_forgotten", **forgotten)
    return _table(settings, forgotten)


def forgettable(engine: Engine, settings: RetentionSettings, *, now: Clock = clock.now) -> Rows:
    """What ``forget`` would do."""
    with engine.begin() as connection:
        counted = {
            rule.table: retention.forgettable(connection, rule, before=before)
            for rule, before in _due(settings, now())
        }
    return _table(settings, counted)


def keep_days(settings: RetentionSettings, rule: Rule) -> int:
    days: int = getattr(settings, rule.setting)
    return days


def _due(settings: RetentionSettings, at: datetime) -> Iterator[tuple[Rule, datetime]]:
    for rule in RULES:
        if days := keep_days(settings, rule):
            yield rule, at - timedelta(days=days)


def _table(settings: RetentionSettings, counted: dict[str, int]) -> Rows:
    return [
        {
            "table": rule.table, "keep_days": keep_days(settings, rule) or "for ever",
            "rows": counted.get(rule.table, 0),
            "added_up_in": rule.rolled_up.table if rule.rolled_up else None,
        }
        for rule in RULES
    ]  # fmt: skip
