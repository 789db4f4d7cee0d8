"""Everything that is followed, kept up to date: what the scheduled flows do, without Prefect."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from flows import organisations
from flows.changes import queue_changed, queue_each
from flows.steps.sweep import DUE_AFTER
from gitinsight import clock, targets
from gitinsight.settings import Settings
from warehouse import cursors, freshness, jobs, repositories
from warehouse.engine import Engine
from warehouse.governor import SharedGovernor
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


def request(
    settings: Settings, engine: Engine, texts: Sequence[str], *, is_full: bool = False
) -> list[UUID]:
    """One job per repository, which is followed from now on; none at all where one of the names is
    no repository.
    """
    wanted = [targets.parse(text, settings) for text in texts]
    ask = partial(targets.ask, settings=settings, governor=partial(SharedGovernor, engine))
    followed = [repositories.follow(engine, one, ask, at=clock.now())[0] for one in wanted]
    with engine.begin() as connection:
        queued = [
            jobs.enqueue(
                connection, one.repository_id, is_full=is_full, at=clock.now(), reason="asked"
            )[0]
            for one in followed
        ]
    return [job.job_id for job in queued]


def sweep(engine: Engine) -> int:
    """Queue an analysis of each repository of which nothing was looked for today that GitHub may
    have deleted without a word: to a probe it is unchanged. How many were queued.
    """
    with engine.begin() as connection:
        due = cursors.unswept(connection, before=clock.now() - DUE_AFTER)
        return queue_each(connection, due, kind="analysis", reason="sweep")


def check(settings: Settings, engine: Engine) -> int:
    """Queue a check of what is held of each repository that has figures; how many were queued."""
    with engine.begin() as connection:
        held = freshness.several(connection, now=clock.now(), fresh_for=settings.quality.fresh_for)
        shown = [one.repository_id for one in held if one.as_of is not None]
        return queue_each(connection, shown, kind="check", reason="quality")


def _is_due(repository: Repository, now: datetime) -> bool:
    checked_at = repository.checked_at
    return repository.is_readable or checked_at is None or now - checked_at >= _LOOK_AGAIN
