"""The figures of an earlier day: the same dbt project over what was held then."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time
from uuid import UUID

from flows.steps.accounts import of_repository as judge_accounts
from flows.steps.insights import of_repository
from flows.steps.transform import delivery_settings
from flows.steps.transform import figures as make
from gitinsight.errors import BrokenEnvironment, NotFound
from gitinsight.settings import Settings
from warehouse import hidden, past
from warehouse.engine import Engine, session_lock
from warehouse.erasure import Changes

_NO_JOB = UUID(int=0)


def instant(text: str) -> datetime:
    """An ISO time, UTC where it names no zone; of a day alone its end. BrokenEnvironment where
    it is neither.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BrokenEnvironment(
            f"{text} is no time", "give 2026-01-31 or 2026-01-31T12:00:00Z"
        ) from error
    if "T" not in text and " " not in text:
        found = datetime.combine(found, time.max)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@contextmanager
def figures(
    settings: Settings, engine: Engine, at: datetime, *,
    repository_ids: Sequence[int] | None = None, if_merged: tuple[str, str] | None = None,
    with_insights: bool = False,
) -> Iterator[list[past.Instant]]:  # fmt: skip
    """Every mart as it was shown at ``at``, by today's definitions, in the schema ``past.MARTS``
    while it lasts; of these repositories, or of all; with ``if_merged`` as they would have been
    had an identity been a person's, and ``with_insights`` what Python makes of them, in
    ``past.INSIGHTS``. NotFound where nothing had been published.
    """
    with engine.begin() as connection:
        if not past.can_show(connection):
            raise BrokenEnvironment(
                f"this user of the database may not act as {past.ROLE}",
                f"let an administrator run: create role {past.ROLE} nologin;"
                f" grant {past.ROLE} to current_user",
            )
    with session_lock(engine, past.LOCK_KEY), _cleared(engine):
        with engine.begin() as connection:
            found = past.set_to(connection, at, repository_ids=repository_ids, if_merged=if_merged)
        if not found:
            raise NotFound(f"figures that were published by {at.isoformat()}")
        with engine.begin() as connection:
            for one in found:
                judge_accounts(connection, one.repository_id, at=at, schemas=past.SCHEMAS)
        results = make(
            engine, settings.state_dir, delivery_settings(settings.delivery),
            repository_ids=[one.repository_id for one in found], schemas=past.SCHEMAS,
            with_tests=False,
        )  # fmt: skip
        if wrong := [one for one in results if one.status != "success"]:
            raise BrokenEnvironment(
                f"{wrong[0].node.name} could not be built", str(wrong[0].message)
            )
        for one in found if with_insights else ():
            made = of_repository(engine, one.repository_id, job_id=_NO_JOB, schemas=past.SCHEMAS)
            with engine.begin() as connection:
                past.keep_insights(connection, one.repository_id, made.rows)
        with engine.begin() as connection:
            # Of today's wish, not of then.
            hidden.cover(connection, [past.MARTS, past.INSIGHTS], Changes())
            past.show(connection)
        yield found


@contextmanager
def _cleared(engine: Engine) -> Iterator[None]:
    """Nothing of the past stays: it would grow old, and hold the tables of today as they are."""
    try:
        yield
    finally:
        with engine.begin() as connection:
            past.clear(connection)
