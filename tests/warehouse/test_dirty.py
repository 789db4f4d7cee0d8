"""What is to be read anew: marked by anybody, cleared by whoever has read it, lost by nobody."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.support.databases import empty
from tests.support.rows import AT, claim, queue
from warehouse import dirty, jobs, tombstones
from warehouse.dirty import ALL, FIGURES, Mark
from warehouse.engine import Engine
from warehouse.jobs import Job
from warehouse.tombstones import Tombstone

LATER = AT + timedelta(minutes=1)


@pytest.fixture
def warehouse(library: Engine) -> Engine:
    empty(library, "ops.dirty", "ops.jobs", "ops.job_events")
    return library


def mark(
    warehouse: Engine, *keys: tuple[str, str], at: datetime = AT, repository_id: int = 1,
    reason: str = "issues edited (webhook)",
) -> None:  # fmt: skip
    with warehouse.begin() as connection:
        dirty.mark(connection, repository_id, keys, reason=reason, at=at)


def due(warehouse: Engine, thing: str | None = None, *, repository_id: int = 1) -> list[Mark]:
    with warehouse.begin() as connection:
        return dirty.due(connection, repository_id, thing)


def clear(warehouse: Engine, marks: list[Mark]) -> int:
    with warehouse.begin() as connection:
        return dirty.clear(connection, marks)


def unattended(warehouse: Engine, *, before: datetime = LATER) -> list[int]:
    with warehouse.begin() as connection:
        return dirty.unattended(connection, before=before)


class TestMark:
    def test_what_is_marked_is_due_the_oldest_first(self, warehouse: Engine) -> None:
        mark(warehouse, ("labels", ALL), at=LATER)
        mark(warehouse, ("issues", "7"))

        assert due(warehouse) == [
            Mark(1, "issues", "7", "issues edited (webhook)", AT),
            Mark(1, "labels", ALL, "issues edited (webhook)", LATER),
        ]
        assert [one.thing for one in due(warehouse, "labels")] == ["labels"]
        assert due(warehouse, repository_id=2) == []

    def test_marked_twice_it_is_due_once_for_the_last_reason(self, warehouse: Engine) -> None:
        mark(warehouse, ("issues", "7"), ("issues", "7"))
        mark(warehouse, ("issues", "7"), at=LATER, reason="issues deleted (webhook)")

        assert due(warehouse) == [Mark(1, "issues", "7", "issues deleted (webhook)", LATER)]

    def test_nothing_marks_nothing(self, warehouse: Engine) -> None:
        mark(warehouse)

        assert due(warehouse) == []


class TestClear:
    def test_what_was_read_is_cleared_and_nothing_else(self, warehouse: Engine) -> None:
        mark(warehouse, ("issues", "7"), ("issues", "8"))
        mark(warehouse, ("issues", "7"), repository_id=2)

        assert clear(warehouse, due(warehouse)[:1]) == 1
        assert [one.key for one in due(warehouse)] == ["8"]
        assert len(due(warehouse, repository_id=2)) == 1

    @pytest.mark.parametrize("at", [LATER, AT, AT - timedelta(hours=1)])
    def test_what_was_marked_again_since_it_was_read_stays(
        self, warehouse: Engine, at: datetime
    ) -> None:
        """Whatever the clock of whoever marks it says."""
        mark(warehouse, ("issues", "7"))
        read = due(warehouse)
        mark(warehouse, ("issues", "7"), at=at)

        assert clear(warehouse, read) == 0
        assert [one.key for one in due(warehouse)] == ["7"]
        assert clear(warehouse, due(warehouse)) == 1

    def test_twice_is_the_same_as_once(self, warehouse: Engine) -> None:
        mark(warehouse, ("issues", "7"))
        read = due(warehouse)

        assert [clear(warehouse, read), clear(warehouse, read), clear(warehouse, [])] == [1, 0, 0]


class TestUnattended:
    def test_a_repository_waits_that_has_a_mark_and_no_job(self, warehouse: Engine) -> None:
        mark(warehouse, ("issues", "7"), ("labels", ALL))
        mark(warehouse, ("issues", "7"), repository_id=2, at=LATER + timedelta(seconds=1))

        assert unattended(warehouse) == [1]

    @pytest.mark.parametrize("take", [queue, claim])
    def test_while_a_job_is_active_it_does_not(
        self, warehouse: Engine, take: Callable[[Engine], Job]
    ) -> None:
        mark(warehouse, ("issues", "7"))
        take(warehouse)

        assert unattended(warehouse) == []

    @pytest.mark.parametrize(
        ("seconds_ago", "waiting"), [(3_600, []), (6, []), (4, [1]), (0, [1]), (-60, [1])]
    )
    def test_a_job_that_started_after_the_mark_has_read_it(
        self, warehouse: Engine, seconds_ago: int, waiting: list[int]
    ) -> None:
        """One that started right after it may not have seen it."""
        held = claim(warehouse)
        with warehouse.begin() as connection:
            jobs.finish(connection, held, state="succeeded", at=AT, outcome={})
        mark(warehouse, ("issues", "7"), at=AT - timedelta(seconds=seconds_ago))

        assert unattended(warehouse, before=AT + timedelta(hours=1)) == waiting

    @pytest.mark.parametrize(("thing", "waiting"), [("issues", [1]), (FIGURES, [])])
    def test_a_job_that_checks_makes_figures_and_reads_nothing(
        self, warehouse: Engine, thing: str, waiting: list[int]
    ) -> None:
        mark(warehouse, (thing, ALL))
        with warehouse.begin() as connection:
            job, _ = jobs.enqueue(connection, 1, at=AT, kind="check")
        assert unattended(warehouse) == waiting
        with warehouse.begin() as connection:
            held = jobs.claim(connection, job.job_id, worker="worker", at=LATER)
        assert unattended(warehouse) == []
        with warehouse.begin() as connection:
            jobs.finish(connection, held, state="succeeded", at=LATER, outcome={})

        assert unattended(warehouse) == waiting

    def test_a_job_that_was_cancelled_before_it_started_is_not_asked_for_again(
        self, warehouse: Engine
    ) -> None:
        mark(warehouse, ("issues", "7"))
        queued = queue(warehouse)
        with warehouse.begin() as connection:
            jobs.request_cancel(connection, queued.job_id, at=LATER)

        assert unattended(warehouse, before=LATER + timedelta(hours=1)) == []


def test_what_was_removed_is_nobodys_to_read(warehouse: Engine) -> None:
    mark(warehouse, ("issues", "7"), repository_id=77)
    assert unattended(warehouse) == [77]
    with warehouse.begin() as connection:
        tombstones.put(connection, Tombstone(77, "h", None, "o/r", "x", AT, "admin"))

    assert unattended(warehouse) == []
