"""Jobs: one at a time per repository, held under a fence, told about without gaps."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from gitinsight.errors import LeaseLost, NotFound
from tests.support.rows import AT, add_repository, claim, fetch, queue, value
from warehouse import job_events, jobs
from warehouse.engine import Connection, Engine
from warehouse.job_events import Event
from warehouse.jobs import Job

SOON = AT + timedelta(seconds=10)
EXPIRED = AT + timedelta(seconds=31)


def do(warehouse: Engine, what: Callable[..., Job], *arguments: object, **named: object) -> Job:
    with warehouse.begin() as connection:
        return what(connection, *arguments, **named)


def by_id(warehouse: Engine, job: Job) -> Job:
    return do(warehouse, jobs.by_id, job.job_id)


def events(warehouse: Engine, job: Job, after: int = 0) -> list[Event]:
    with warehouse.begin() as connection:
        return job_events.after(connection, job.job_id, after)


class TestQueue:
    def test_a_new_job_is_queued_and_says_so(self, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            job, is_new = jobs.enqueue(connection, 1, at=AT, is_full=True, as_of=SOON)

        assert is_new
        assert (job.state, job.is_full, job.as_of, job.requested_at) == ("queued", True, SOON, AT)
        assert [(one.seq, one.state) for one in events(warehouse, job)] == [(1, "queued")]

    def test_while_one_is_active_it_is_the_one(self, warehouse: Engine) -> None:
        running = claim(warehouse)
        with warehouse.begin() as connection:
            found, is_new = jobs.enqueue(connection, 1, at=SOON)

        assert (found.job_id, is_new) == (running.job_id, False)

    def test_a_check_that_waits_becomes_the_analysis_that_is_asked_for(
        self, warehouse: Engine
    ) -> None:
        with warehouse.begin() as connection:
            checked, _ = jobs.enqueue(connection, 1, at=AT, kind="check", reason="quality")
            asked, is_new = jobs.enqueue(connection, 1, at=SOON, reason="asked")
            again, _ = jobs.enqueue(connection, 1, at=SOON, kind="check", reason="quality")

        assert (checked.kind, is_new) == ("check", False)
        assert (asked.job_id, asked.kind, asked.reason) == (checked.job_id, "analysis", "asked")
        assert again == asked

    @pytest.mark.parametrize("kind", ["analysis", "check"])
    def test_one_that_waits_reads_everything_anew_where_that_is_asked_for(
        self, warehouse: Engine, kind: str
    ) -> None:
        with warehouse.begin() as connection:
            waiting, _ = jobs.enqueue(connection, 1, at=AT, kind=kind)
            asked, is_new = jobs.enqueue(connection, 1, at=SOON, is_full=True)
            again, _ = jobs.enqueue(connection, 1, at=SOON)

        assert (asked.job_id, asked.kind, asked.is_full) == (waiting.job_id, "analysis", True)
        assert not is_new
        assert again == asked

    def test_one_that_has_begun_goes_on_as_it_was_asked_for(self, warehouse: Engine) -> None:
        begun = claim(warehouse)
        do(warehouse, jobs.park, begun, not_before=SOON, at=AT)
        with warehouse.begin() as connection:
            asked, _ = jobs.enqueue(connection, 1, at=SOON, is_full=True)

        assert (asked.job_id, asked.is_full) == (begun.job_id, False)

    def test_one_that_has_ended_makes_place_for_the_next(self, warehouse: Engine) -> None:
        ended = claim(warehouse)
        do(warehouse, jobs.finish, ended, state="failed", at=AT, outcome={})

        assert queue(warehouse).job_id != ended.job_id

    def test_of_many_that_ask_at_once_one_makes_the_job(self, warehouse: Engine) -> None:
        def ask(_: int) -> tuple[UUID, bool]:
            with warehouse.begin() as connection:
                job, is_new = jobs.enqueue(connection, 1, at=AT)
            return job.job_id, is_new

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(ask, range(24)))

        assert len({job_id for job_id, _ in found}) == 1
        assert sum(is_new for _, is_new in found) == 1


class TestLease:
    def test_a_claimed_job_runs_and_is_held(self, warehouse: Engine) -> None:
        job = claim(warehouse, worker="ann")

        assert (job.state, job.worker, job.attempt, job.started_at) == ("running", "ann", 1, AT)
        with pytest.raises(LeaseLost):
            do(warehouse, jobs.claim, job.job_id, worker="bob", at=SOON)

    def test_of_many_that_claim_at_once_one_gets_it(self, warehouse: Engine) -> None:
        job = queue(warehouse)

        def try_it(worker: int) -> bool:
            try:
                do(warehouse, jobs.claim, job.job_id, worker=str(worker), at=AT)
            except LeaseLost:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(try_it, range(8))) == 1

    def test_whoever_beats_holds_on(self, warehouse: Engine) -> None:
        job = claim(warehouse)
        with warehouse.begin() as connection:
            is_asked_to_stop = jobs.heartbeat(connection, job.job_id, job.fence, at=SOON)

        assert not is_asked_to_stop
        with pytest.raises(LeaseLost):
            do(warehouse, jobs.claim, job.job_id, worker="bob", at=EXPIRED)

    def test_one_whose_worker_died_is_taken_over(self, warehouse: Engine) -> None:
        dead = claim(warehouse)

        taken = do(warehouse, jobs.claim, dead.job_id, worker="bob", at=EXPIRED)

        assert (taken.worker, taken.attempt, taken.started_at) == ("bob", 2, dead.started_at)

    @pytest.mark.parametrize("act", ["heartbeat", "finish", "park"])
    def test_whoever_lost_it_can_do_nothing_more(self, warehouse: Engine, act: str) -> None:
        stale = claim(warehouse)
        do(warehouse, jobs.claim, stale.job_id, worker="bob", at=EXPIRED)
        before = by_id(warehouse, stale)

        def attempt(connection: Connection) -> None:
            if act == "heartbeat":
                jobs.heartbeat(connection, stale.job_id, stale.fence, at=EXPIRED)
            elif act == "finish":
                jobs.finish(connection, stale, state="succeeded", at=EXPIRED, outcome={})
            else:
                jobs.park(connection, stale, not_before=EXPIRED, at=EXPIRED)

        with pytest.raises(LeaseLost, match=str(stale.job_id)):
            do(warehouse, attempt)

        assert by_id(warehouse, stale) == before


class TestPark:
    def test_a_parked_job_waits_for_its_time(self, warehouse: Engine) -> None:
        job = claim(warehouse)

        parked = do(warehouse, jobs.park, job, not_before=EXPIRED, at=SOON, reason="used up")

        assert (parked.state, parked.not_before, parked.worker) == ("queued", EXPIRED, None)
        assert parked.is_over
        assert parked.fence > job.fence
        assert events(warehouse, job)[-1].message == "used up"
        with pytest.raises(LeaseLost):
            do(warehouse, jobs.claim, job.job_id, worker="bob", at=SOON)

    def test_then_it_goes_on(self, warehouse: Engine) -> None:
        job = claim(warehouse)
        do(warehouse, jobs.park, job, not_before=SOON, at=AT)

        claimed = do(warehouse, jobs.claim, job.job_id, worker="bob", at=SOON)

        assert (claimed.state, claimed.not_before, claimed.is_over) == ("running", None, False)


class TestEnd:
    def test_it_keeps_how_it_went(self, warehouse: Engine) -> None:
        job = claim(warehouse)

        ended = do(
            warehouse, jobs.finish, job, state="failed", at=SOON, outcome={"rows": {"issues": 3}},
            error_type="NotVisible", error_detail="gone",
        )  # fmt: skip

        assert (ended.state, ended.finished_at, ended.lease_until) == ("failed", SOON, None)
        assert (ended.error_type, ended.error_detail) == ("NotVisible", "gone")
        assert ended.outcome == {"rows": {"issues": 3}}
        assert ended.is_over
        last = events(warehouse, job)[-1]
        assert (last.state, last.message, last.at) == ("failed", "gone", SOON)

    def test_it_ends_once(self, warehouse: Engine) -> None:
        job = claim(warehouse)
        do(warehouse, jobs.finish, job, state="succeeded", at=AT, outcome={})

        with pytest.raises(LeaseLost):
            do(warehouse, jobs.finish, job, state="failed", at=SOON, outcome={})

        assert by_id(warehouse, job).state == "succeeded"

    @pytest.mark.parametrize(
        ("state", "is_settled"), [("succeeded", True), ("partial", True), ("failed", False)]
    )
    def test_what_came_before_is_known(
        self, warehouse: Engine, state: str, *, is_settled: bool
    ) -> None:
        first = claim(warehouse)
        do(warehouse, jobs.finish, first, state=state, at=AT, outcome={})
        second = queue(warehouse, at=SOON)

        with warehouse.begin() as connection:
            assert jobs.was_settled(connection, second) is is_settled
            assert not jobs.was_settled(connection, first)


class TestCancel:
    def test_a_queued_job_ends_at_once(self, warehouse: Engine) -> None:
        job = queue(warehouse)

        cancelled = do(warehouse, jobs.request_cancel, job.job_id, at=SOON)

        assert (cancelled.state, cancelled.finished_at) == ("cancelled", SOON)
        assert events(warehouse, job)[-1].state == "cancelled"
        with pytest.raises(LeaseLost):
            do(warehouse, jobs.claim, job.job_id, worker="bob", at=SOON)

    def test_a_running_job_is_asked_and_hears_of_it(self, warehouse: Engine) -> None:
        job = claim(warehouse)

        asked = do(warehouse, jobs.request_cancel, job.job_id, at=SOON)

        assert (asked.state, asked.cancel_requested_at) == ("running", SOON)
        with warehouse.begin() as connection:
            assert jobs.heartbeat(connection, job.job_id, job.fence, at=SOON)

    def test_a_job_that_has_ended_stays_as_it_is(self, warehouse: Engine) -> None:
        job = claim(warehouse)
        ended = do(warehouse, jobs.finish, job, state="succeeded", at=AT, outcome={})

        assert do(warehouse, jobs.request_cancel, job.job_id, at=SOON) == ended


class TestLists:
    def test_the_newest_come_first_page_by_page(self, warehouse: Engine) -> None:
        """Two of them were asked for in the same instant."""
        times = [AT, AT, SOON, EXPIRED]
        made = [queue(warehouse, number, at=at) for number, at in enumerate(times)]
        pages: list[list[Job]] = []
        before: tuple[datetime, UUID] | None = None
        while not pages or pages[-1]:
            with warehouse.begin() as connection:
                pages.append(jobs.recent(connection, limit=1, before=before))
            before = (pages[-1][0].requested_at, pages[-1][0].job_id) if pages[-1] else None

        found = [job.job_id for page in pages for job in page]
        assert found[:2] == [made[3].job_id, made[2].job_id]
        assert sorted(found) == sorted(job.job_id for job in made)

    def test_they_can_be_asked_for_by_state(self, warehouse: Engine) -> None:
        running = claim(warehouse, 1)
        queue(warehouse, 2)
        with warehouse.begin() as connection:
            assert [one.job_id for one in jobs.recent(connection, "running")] == [running.job_id]

    def test_one_that_is_not_there_is_not_found(self, warehouse: Engine) -> None:
        with pytest.raises(NotFound):
            do(warehouse, jobs.by_id, uuid4())

    def test_the_orchestrator_is_linked_to(self, warehouse: Engine) -> None:
        job = claim(warehouse)
        with warehouse.begin() as connection:
            jobs.record_flow_run(
                connection, job.job_id, flow_run_id=UUID(int=7), flow_run_url="http://ui.test/7"
            )

        found = by_id(warehouse, job)
        assert (found.flow_run_id, found.flow_run_url) == (UUID(int=7), "http://ui.test/7")

    def test_the_job_whose_figures_are_shown_is_known(self, warehouse: Engine) -> None:
        job = claim(warehouse)
        with warehouse.begin() as connection:
            assert jobs.last_published(connection, 1) is None
            fetch(
                connection,
                "insert into ops.publications values (1, 1, %s, %s, %s, 'passed', '{}')"
                " returning 1",
                job.job_id, AT, AT,
            )  # fmt: skip
            found = jobs.last_published(connection, 1)

        assert found is not None
        assert found.job_id == job.job_id


def test_a_state_of_the_database_is_never_two_active_jobs(warehouse: Engine) -> None:
    """What keeps it so is an index, not a program."""
    claim(warehouse)
    insert = (
        "insert into ops.jobs (job_id, repository_id, is_full, state, requested_at)"
        " values (gen_random_uuid(), 1, false, 'queued', now()) returning 1"
    )

    with pytest.raises(Exception, match="ix_jobs_one_active"):
        value(warehouse, insert)


def test_a_repository_is_worked_at_while_its_job_runs(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)

    def is_at_work() -> bool:
        with warehouse.begin() as connection:
            return jobs.is_at_work(connection, repository_id)

    assert not is_at_work()
    queued = queue(warehouse, repository_id)
    assert not is_at_work()
    with warehouse.begin() as connection:
        running = jobs.claim(connection, queued.job_id, worker="worker", at=AT)
    assert is_at_work()
    with warehouse.begin() as connection:
        jobs.finish(connection, running, state="succeeded", at=AT, outcome={})
    assert not is_at_work()
