"""What somebody has removed is gone soon, whatever works at it, with its git mirror."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from flows import removals
from flows.alone import work_off
from flows.analysis import analyze
from flows.attempt import attempt
from gitinsight import clock
from gitinsight.errors import LeaseLost, NotFound
from gitinsight.settings import QualitySettings, Settings
from tests.support import filled
from tests.support.analyses import analyse, count, enqueue, rows
from tests.support.github import GitHub
from tests.support.rows import AT, add_repository, claim
from tests.support.waiting import wait_for
from warehouse import removal, tombstones
from warehouse.engine import Engine
from warehouse.tombstones import Tombstone

T = TypeVar("T")
NAME = "synthetic-labs/borealis"


def begin(warehouse: Engine, repository_id: int) -> Tombstone:
    return removal.begin(warehouse, repository_id, by="admin", at=clock.now())


def mirror(state_dir: Path, name: str) -> Path:
    made = state_dir / "mirrors" / name
    made.mkdir()
    (made / "config").touch()
    return made


def put(warehouse: Engine, repository_id: int, *, is_erased: bool) -> None:
    with warehouse.begin() as connection:
        stone = Tombstone(repository_id, "h", repository_id, f"o/r{repository_id}", "x", AT, "a")
        tombstones.put(connection, stone)
        if is_erased:
            tombstones.finish(connection, repository_id, at=AT)


def erased(warehouse: Engine) -> list[int]:
    return [one for (one,) in rows(
        warehouse,
        "select repository_id from ops.removals where erased_at is not null order by 1",
    )]  # fmt: skip


class TestWatch:
    def test_what_is_removed_is_erased_within_seconds(
        self, settings: Settings, warehouse: Engine
    ) -> None:
        made = [
            mirror(settings.state_dir, f"{add_repository(warehouse, f'o/r{n}', github_id=n)}.git")
            for n in (1, 2)
        ]
        put(warehouse, 7, is_erased=True)
        left = mirror(settings.state_dir, "7.git")
        stop = threading.Event()
        watching = threading.Thread(
            target=removals.watch,
            args=(settings, warehouse),
            kwargs={"stop": stop},
            daemon=True,
        )
        watching.start()
        wait_for(lambda: not left.exists(), seconds=5)  # of one that another host has erased
        begin(warehouse, 1)

        wait_for(lambda: erased(warehouse) == [1, 7], seconds=5)
        wait_for(lambda: not made[0].exists(), seconds=5)
        stop.set()
        watching.join()

        assert made[1].exists(), "it is followed"
        assert filled.of(warehouse, 1) == {}

    def test_one_that_cannot_be_erased_keeps_no_other_waiting(self, warehouse: Engine) -> None:
        for number in (1, 2):
            begin(warehouse, add_repository(warehouse, f"o/r{number}", github_id=number))
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "create function public.refuse() returns trigger language plpgsql as"
                " $$ begin raise 'this stays'; end $$;"
                " create table public.stubborn (repository_id bigint);"
                " insert into public.stubborn values (1);"
                " create trigger refuse before delete on public.stubborn"
                " for each row execute function public.refuse()"
            )

        assert [one.repository_id for one in removals.finish(warehouse)] == [2]


class TestTidy:
    def test_what_is_written_late_goes_too(self, warehouse: Engine) -> None:
        begin(warehouse, add_repository(warehouse))
        removals.finish(warehouse, now=lambda: AT)
        mark = (
            "insert into ops.dirty (repository_id, thing, key, reason, marked_at)"
            f" values (1, 'figures', '', 'x', '{AT}')"
        )
        with warehouse.begin() as connection:
            connection.exec_driver_sql(mark)

        removals.tidy(warehouse, now=lambda: AT + timedelta(days=1, seconds=1))
        assert count(warehouse, "ops.dirty") == 1, "nobody has been at it for so long"
        removals.tidy(warehouse, now=lambda: AT + timedelta(hours=23))

        assert count(warehouse, "ops.dirty") == 0
        with warehouse.begin() as connection:
            assert tombstones.by_id(connection, 1).erased_at == AT

    def test_only_that_is_erased_again_of_which_something_was_written(
        self, warehouse: Engine
    ) -> None:
        for number in range(1, 5):
            begin(warehouse, add_repository(warehouse, f"o/r{number}", github_id=10 + number))
        gone = removals.finish(warehouse, now=lambda: AT)
        assert removal.met_again(warehouse, gone) == []
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "insert into ops.dirty (repository_id, thing, key, reason, marked_at)"
                f" values (2, 'figures', '', 'x', '{AT}');"
                " insert into ops.webhook_deliveries"
                " (delivery_id, event, headers, body, github_id, received_at)"
                f" values (gen_random_uuid(), 'push', '{{}}', 'x', 13, '{AT}');"
                " insert into ops.merge_previews (alias, person, asked_by, asked_at, moves)"
                f" values ('a', 'b', 'c', '{AT}', '[{{\"repository_id\": 4}}]')"
            )

        again = removal.met_again(warehouse, gone)
        removals.tidy(warehouse, now=lambda: AT + timedelta(hours=1))

        assert [one.repository_id for one in again] == [2, 3, 4]
        assert removal.met_again(warehouse, gone) == []
        assert count(warehouse, "ops.webhook_deliveries") == count(warehouse, "ops.dirty") == 0
        assert rows(warehouse, "select moves from ops.merge_previews") == [([],)]


class TestMirrors:
    def test_those_of_what_is_erased_go_and_no_others(
        self, state_dir: Path, warehouse: Engine
    ) -> None:
        put(warehouse, 7, is_erased=True)
        put(warehouse, 8, is_erased=False)
        made = {name: mirror(state_dir, name) for name in ("7.git", "8.git", "9.git", "x.git")}

        assert removals.drop_mirrors(warehouse, state_dir) == [7]

        assert [name for name, path in made.items() if path.exists()] == ["8.git", "9.git", "x.git"]

    def test_where_there_is_none_nothing_is_looked_for(
        self, state_dir: Path, warehouse: Engine
    ) -> None:
        assert removals.drop_mirrors(warehouse, state_dir) == []
        assert removals.drop_mirrors(warehouse, state_dir / "another") == []


class TestRunningJob:
    @pytest.mark.parametrize("step", ["repositories", "commits", "transform", "publish"])
    def test_it_stops_as_cancelled_and_leaves_nothing(
        self, settings: Settings, warehouse: Engine, step: str
    ) -> None:
        job = enqueue(settings, warehouse, NAME)
        begun: list[Tombstone] = []

        def call(name: str, work: Callable[[], T], /) -> T:
            if name == step:
                begun.append(begin(warehouse, job.repository_id))
                assert removal.erase(warehouse, begun[0]) is None, "it is at work"
            return work()

        with attempt(settings, warehouse, job.job_id, worker="test") as run:
            ended = analyze(run, quality=QualitySettings(), call=call)

        assert (ended.state, len(begun)) == ("cancelled", 1)
        assert removals.finish(warehouse) != []
        assert filled.of(warehouse, job.repository_id) == {}

    def test_one_that_fails_over_it_is_cancelled_and_not_tried_again(
        self, settings: Settings, warehouse: Engine, github: GitHub
    ) -> None:
        job = enqueue(settings, warehouse, NAME)

        def call(name: str, work: Callable[[], T], /) -> T:
            if name == "catalogue":
                begin(warehouse, job.repository_id)
                github.control(limits={"with token": 0})
            return work()

        with attempt(settings, warehouse, job.job_id, worker="test") as run:
            ended = analyze(run, quality=QualitySettings(), call=call)

        assert ended.state == "cancelled"

    def test_whoever_takes_it_over_finds_nothing_to_do(
        self, settings: Settings, warehouse: Engine
    ) -> None:
        job = claim(warehouse, add_repository(warehouse))  # by a worker that is dead since
        begun = begin(warehouse, job.repository_id)

        with pytest.raises(LeaseLost), attempt(settings, warehouse, job.job_id, worker="test"):
            pass

        removal.erase(warehouse, begun)
        with pytest.raises(LeaseLost), attempt(settings, warehouse, job.job_id, worker="test"):
            pass
        work_off(settings, warehouse, [job.job_id])

    def test_it_is_analysed_anew_when_somebody_adds_it_again(
        self, settings: Settings, warehouse: Engine
    ) -> None:
        first = analyse(settings, warehouse, NAME)
        begin(warehouse, first.repository_id)

        again = analyse(settings, warehouse, NAME)  # before the first is erased

        assert again.state == "succeeded"
        assert again.repository_id != first.repository_id
        removals.finish(warehouse)
        assert filled.of(warehouse, first.repository_id) == {}
        assert count(warehouse, "marts.repository_summary") == 1
        with warehouse.begin() as connection:
            assert tombstones.by_id(connection, first.repository_id).lifted_at is not None
            with pytest.raises(NotFound):
                tombstones.by_id(connection, again.repository_id)
