"""Who may start: a giant never delays a small one, an organisation of thousands nobody else."""

import time
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.support.rows import AT, HOST, add_repository, queue
from warehouse import job_events, jobs, lanes, repositories, run_links
from warehouse.engine import Engine, driver
from warehouse.jobs import Job
from warehouse.lanes import CLAIM_WITHIN, PATIENCE, Lanes

BIG = 1_000
THREE = Lanes(places=3, giant_records=BIG)
SECOND = timedelta(seconds=1)


def add(warehouse: Engine, name: str, *, at: datetime = AT, records: int | None = None) -> Job:
    """A queued job of a new repository."""
    repository_id = add_repository(warehouse, name, github_id=abs(hash(name)) % 2**60)
    if records is not None:
        with warehouse.begin() as connection:
            repositories.record_estimate(connection, repository_id, records)
    return queue(warehouse, repository_id, at=at)


def startable(warehouse: Engine, which: Lanes = THREE, *, at: datetime = AT) -> list[str]:
    """The names of the repositories, in their order."""
    with warehouse.begin() as connection:
        return [
            repositories.by_id(connection, one.repository_id).full_name
            for one in lanes.startable(connection, which, at)
        ]


def take(warehouse: Engine, job: Job, *, at: datetime = AT) -> Job:
    with warehouse.begin() as connection:
        return jobs.claim(connection, job.job_id, worker="w", at=at, lease_seconds=3_600)


def hand(warehouse: Engine, job_id: UUID, *, at: datetime = AT) -> None:
    with warehouse.begin() as connection:
        job = jobs.by_id(connection, job_id)
        run_links.link(connection, job, run_id=uuid4(), url="http://x", at=at)


class TestPlaces:
    def test_the_oldest_start_as_long_as_there_are_places(self, warehouse: Engine) -> None:
        for number in (4, 2, 3, 1):
            add(warehouse, f"owner-{number}/app", at=AT + number * SECOND)

        found = startable(warehouse, at=AT + 9 * SECOND)

        assert found == ["owner-1/app", "owner-2/app", "owner-3/app"]

    def test_a_job_that_runs_takes_a_place_and_so_does_one_that_was_handed_out(
        self, warehouse: Engine
    ) -> None:
        first, second, _ = [add(warehouse, f"owner-{number}/app") for number in range(3)]
        take(warehouse, first)
        hand(warehouse, second.job_id)

        assert startable(warehouse, Lanes(2, BIG)) == []
        assert startable(warehouse) == ["owner-2/app"]

    def test_one_that_was_handed_out_in_vain_is_handed_out_again(self, warehouse: Engine) -> None:
        job = add(warehouse, "owner/app")
        hand(warehouse, job.job_id)

        assert startable(warehouse, at=AT + CLAIM_WITHIN - SECOND) == []
        assert startable(warehouse, at=AT + CLAIM_WITHIN + SECOND) == ["owner/app"]

    def test_what_a_dead_worker_left_comes_first_whoever_had_it(self, warehouse: Engine) -> None:
        add(warehouse, "owner/early")
        left = add(warehouse, "owner/left", at=AT + SECOND, records=BIG)
        hand(warehouse, left.job_id, at=AT + SECOND)
        with warehouse.begin() as connection:
            jobs.claim(connection, left.job_id, worker="w", at=AT + SECOND, lease_seconds=5)

        assert startable(warehouse, at=AT + 5 * SECOND) == ["owner/early"]
        assert startable(warehouse, at=AT + 7 * SECOND) == ["owner/left", "owner/early"]

    def test_a_parked_job_waits_for_its_time(self, warehouse: Engine) -> None:
        job = take(warehouse, add(warehouse, "owner/app"))
        with warehouse.begin() as connection:
            jobs.park(connection, job, not_before=AT + 60 * SECOND, at=AT)

        assert startable(warehouse, at=AT + 59 * SECOND) == []
        assert startable(warehouse, at=AT + 60 * SECOND) == ["owner/app"]

    def test_a_job_that_was_taken_meanwhile_is_not_handed_out(self, warehouse: Engine) -> None:
        job = take(warehouse, add(warehouse, "owner/app"))
        hand(warehouse, job.job_id)

        with warehouse.begin() as connection:
            handed = driver(connection).execute("select handed_at from ops.jobs").fetchall()
        assert handed == [(None,)]


class TestGiants:
    def test_small_ones_go_first(self, warehouse: Engine) -> None:
        add(warehouse, "giant/one", records=BIG)
        add(warehouse, "small/one", at=AT + SECOND, records=BIG - 1)
        add(warehouse, "small/unknown", at=AT + 2 * SECOND)

        found = startable(warehouse, at=AT + 3 * SECOND)

        assert found == ["small/one", "small/unknown", "giant/one"]

    @pytest.mark.parametrize(("places", "giants"), [(1, 1), (2, 1), (3, 2), (5, 4)])
    def test_they_leave_a_place_to_the_small(
        self, warehouse: Engine, places: int, giants: int
    ) -> None:
        for number in range(9):
            add(warehouse, f"giant-{number}/app", records=BIG)

        assert len(startable(warehouse, Lanes(places, BIG))) == giants

    def test_those_that_run_and_those_that_were_handed_out_count(self, warehouse: Engine) -> None:
        running, handed, _ = [add(warehouse, f"giant-{n}/app", records=BIG) for n in range(3)]
        take(warehouse, running)
        hand(warehouse, handed.job_id)
        assert startable(warehouse, Lanes(9, BIG)) == ["giant-2/app"]
        assert startable(warehouse) == []

        add(warehouse, "small/app")

        assert startable(warehouse) == ["small/app"]

    def test_one_that_has_waited_long_goes_before_the_small(self, warehouse: Engine) -> None:
        add(warehouse, "giant/app", records=BIG)
        later = AT + PATIENCE + SECOND
        for number in range(3):
            add(warehouse, f"small-{number}/app", at=later + number * SECOND)

        assert startable(warehouse, Lanes(1, BIG), at=later) == ["giant/app"]
        assert startable(warehouse, at=later) == ["giant/app", "small-0/app", "small-1/app"]


class TestOwners:
    def test_they_take_turns(self, warehouse: Engine) -> None:
        for number in range(4):
            add(warehouse, f"many/app-{number}", at=AT + number * SECOND)
        add(warehouse, "single/app", at=AT + 9 * SECOND)

        found = startable(warehouse, at=AT + 10 * SECOND)

        assert found == ["many/app-0", "single/app", "many/app-1"]

    def test_one_place_after_the_other_they_take_turns_too(self, warehouse: Engine) -> None:
        queued = {f"many/app-{n}": add(warehouse, f"many/app-{n}") for n in range(6)}
        queued |= {f"few/app-{n}": add(warehouse, f"few/app-{n}", at=AT + SECOND) for n in (0, 1)}
        served: list[str] = []
        for turn in range(2, 8):
            at = AT + turn * SECOND
            (name,) = startable(warehouse, Lanes(1, BIG), at=at)
            with warehouse.begin() as connection:
                held = jobs.claim(connection, queued[name].job_id, worker="w", at=at)
                jobs.finish(connection, held, state="succeeded", at=at, outcome={})
            served.append(name.split("/")[0])

        assert served == ["many", "few", "many", "few", "many", "many"]


@pytest.mark.parametrize("owners", [20, 5_000])
def test_thousands_are_put_in_order_in_no_time(warehouse: Engine, owners: int) -> None:
    with warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute(
            "insert into ops.repositories"
            " (host, github_id, full_name, clone_url, state, added_at, records_estimate)"
            " select %s, n, 'owner-' || n %% %s || '/app-' || n, '', 'active', %s, n * 20"
            " from generate_series(1, 5000) as n",
            (HOST, owners, AT),
        )
        raw.execute("alter table ops.jobs disable trigger user")
        for state, started, repeated in (("queued", None, 1), ("succeeded", AT, 4)):
            raw.execute(
                "insert into ops.jobs (job_id, repository_id, is_full, state, requested_at,"
                " started_at) select gen_random_uuid(), repository_id, false, %s, %s,"
                " %s::timestamptz - (repository_id %% 100) * turn * interval '1 minute'"
                " from ops.repositories cross join generate_series(1, %s) as turn",
                (state, AT, started, repeated),
            )
        raw.execute("analyze ops.jobs")
        raw.execute("analyze ops.repositories")
    seconds = []
    for _ in range(20):
        started_at = time.perf_counter()
        with warehouse.begin() as connection:
            found = lanes.startable(connection, Lanes(8, 50_000), AT + SECOND)
        seconds.append(time.perf_counter() - started_at)
        assert len(found) == 8

    assert min(seconds) < 0.05, seconds


class TestLimits:
    UNTIL = AT + timedelta(hours=1)

    def hold_back(self, warehouse: Engine, job: Job) -> int:
        with warehouse.begin() as connection:
            return lanes.hold_back(connection, job, until=self.UNTIL, at=AT, reason="used up")

    def test_who_waits_for_the_same_limit_is_told_so_and_starts_when_it_is_over(
        self, warehouse: Engine
    ) -> None:
        first = add(warehouse, "octo/first")
        waiting = add(warehouse, "octo/second")
        add(warehouse, "other/app")
        running = take(warehouse, first)

        assert self.hold_back(warehouse, running) == 1

        assert startable(warehouse) == ["other/app"]
        assert "octo/second" in startable(warehouse, at=self.UNTIL + SECOND)
        with warehouse.begin() as connection:
            (told,) = job_events.after(connection, waiting.job_id, waiting.last_seq)
        assert (told.state, told.message) == ("queued", "used up")
        assert self.hold_back(warehouse, running) == 0, "once is enough"

    def test_what_asks_for_nothing_or_is_under_way_is_left_alone(self, warehouse: Engine) -> None:
        running = take(warehouse, add(warehouse, "octo/first"))
        handed = add(warehouse, "octo/second")
        hand(warehouse, handed.job_id)
        checked = add_repository(warehouse, "octo/third", github_id=3)
        with warehouse.begin() as connection:
            jobs.enqueue(connection, checked, at=AT, kind="check")

        assert self.hold_back(warehouse, running) == 0
        assert startable(warehouse) == ["octo/third"]

    def test_who_waits_for_longer_goes_on_waiting(self, warehouse: Engine) -> None:
        running = take(warehouse, add(warehouse, "octo/first"))
        later = take(warehouse, add(warehouse, "octo/second"))
        tomorrow = AT + timedelta(days=1)
        with warehouse.begin() as connection:
            jobs.park(connection, later, not_before=tomorrow, at=AT)

        assert self.hold_back(warehouse, running) == 0
