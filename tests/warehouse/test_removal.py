"""A repository that is removed is shown no more at once, and soon nothing is left of it."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from gitinsight.errors import LeaseLost, NotFound
from gitinsight.settings import Settings
from tests.support import filled
from tests.support.analyses import count, rows
from tests.support.commands import variables
from tests.support.marts import publish_figures
from tests.support.rows import AT, add_repository, claim, queue
from tests.support.waiting import wait_for
from warehouse import jobs, removal, tombstones
from warehouse.engine import Engine
from warehouse.jobs import Job
from warehouse.tombstones import Tombstone

_ERASE = (
    "from gitinsight.settings import Settings; from warehouse import removal, tombstones;"
    "from warehouse.engine import make_engine;"
    "engine = make_engine(Settings().warehouse_url, process='test');"
    "connection = engine.connect(); [one] = tombstones.pending(connection); connection.close();"
    "removal.erase(engine, one, batch_rows=50)"
)


def begin(warehouse: Engine, repository_id: int) -> Tombstone:
    return removal.begin(warehouse, repository_id, by="user:3", at=AT)


def remove(warehouse: Engine, repository_id: int) -> Tombstone:
    done = removal.erase(warehouse, begin(warehouse, repository_id), now=lambda: AT)
    assert done is not None
    return done


def state_of(warehouse: Engine, job: Job) -> str:
    with warehouse.begin() as connection:
        return jobs.by_id(connection, job.job_id).state


def listening(warehouse: Engine) -> psycopg.Connection[tuple[object, ...]]:
    url = warehouse.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("listen gitinsight_figures")
    return connection


class TestBegin:
    def test_nothing_is_shown_of_it_from_then_on(self, warehouse: Engine) -> None:
        filled.make_models(warehouse)
        for one in (1, 2):
            filled.fill(warehouse, one)

        begun = begin(warehouse, 1)

        left = filled.of(warehouse, 1)
        assert not {table for table in left if table.startswith(("marts.", "insights."))}
        assert not left.keys() & {
            "ops.repositories", "ops.publications", "ops.repository_names", "ops.jobs",
        }  # fmt: skip
        assert left["raw.git_commits"] == 1, "what is only held may take longer"
        assert filled.of(warehouse, 2)["marts.figures"] == 1
        assert (begun.full_name, begun.requested_by, begun.erased_at) == ("octo/r1", "user:3", None)

    def test_whoever_keeps_something_of_it_is_told(self, warehouse: Engine) -> None:
        repository_id = add_repository(warehouse)
        publish_figures(warehouse, claim(warehouse, repository_id))
        with listening(warehouse) as connection:
            begin(warehouse, repository_id)
            told = [json.loads(one.payload) for one in connection.notifies(timeout=5, stop_after=1)]

        assert told == [{"repository_id": repository_id, "version": None}]

    def test_a_second_time_there_is_none(self, warehouse: Engine) -> None:
        repository_id = add_repository(warehouse)
        begin(warehouse, repository_id)

        with pytest.raises(NotFound):
            begin(warehouse, repository_id)

    def test_one_that_may_not_be_seen_is_none(self, warehouse: Engine) -> None:
        repository_id = add_repository(warehouse)
        with warehouse.begin() as connection:
            connection.exec_driver_sql("update ops.repositories set is_private = true")

        with pytest.raises(NotFound):
            removal.begin(warehouse, repository_id, by="user:4", at=AT, readable=frozenset())
        removal.begin(warehouse, repository_id, by="user:5", at=AT, readable={repository_id})

    def test_a_job_that_waits_ends_and_one_that_runs_is_asked(self, warehouse: Engine) -> None:
        waiting = queue(warehouse, add_repository(warehouse))
        running = claim(warehouse, add_repository(warehouse, "octo/site", github_id=2))

        for job in (waiting, running):
            begin(warehouse, job.repository_id)

        assert state_of(warehouse, waiting) == "cancelled"
        with warehouse.begin() as connection:
            assert jobs.heartbeat(connection, running.job_id, running.fence, at=AT)

    def test_a_publication_that_is_under_way_ends_first_and_goes_with_the_rest(
        self, warehouse: Engine
    ) -> None:
        job = claim(warehouse, add_repository(warehouse))
        removing = threading.Thread(target=begin, args=(warehouse, job.repository_id))
        with warehouse.begin() as connection:
            jobs.heartbeat(connection, job.job_id, job.fence, at=AT)
            removing.start()
            removing.join(0.3)
            assert removing.is_alive()
            connection.exec_driver_sql(
                "insert into ops.publications (repository_id, publication, job_id, as_of,"
                " published_at, quality_status, coverage)"
                f" values ({job.repository_id}, 1, '{job.job_id}', '{AT}', '{AT}', 'passed',"
                " '{}')"
            )
        removing.join(10)

        assert count(warehouse, "ops.publications") == 0
        assert count(warehouse, "ops.removals") == 1


class TestErase:
    def test_nothing_is_left_in_any_table_and_no_row_of_others_is_changed(
        self, warehouse: Engine
    ) -> None:
        filled.make_models(warehouse)
        filled.fill(warehouse, 2)
        before = filled.everything(warehouse)
        tables = filled.fill(warehouse, 1)
        assert tables > 90
        told = removal.preview(warehouse, 1)

        done = remove(warehouse, 1)

        assert filled.of(warehouse, 1) == {}
        assert filled.everything(warehouse) == before
        assert (len(told), sum(told.values()), done.rows_count) == (tables, tables, tables)
        assert done.erased_at == AT

    def test_what_is_known_by_githubs_number_alone_goes_too(self, warehouse: Engine) -> None:
        known(warehouse, host="https://api.github.com", github_id=5)

        remove(warehouse, 1)

        assert rows(warehouse, "select github_repository_id from raw.gharchive_events") == [(6,)]
        assert rows(warehouse, "select github_id from ops.webhook_deliveries") == [(6,)]

    def test_elsewhere_the_same_number_is_another_one(self, warehouse: Engine) -> None:
        """GH Archive has the events of one GitHub."""
        known(warehouse, host="https://ghes.test/api/v3", github_id=5)

        remove(warehouse, 1)

        assert count(warehouse, "raw.gharchive_events") == 2
        assert count(warehouse, "ops.webhook_deliveries") == 1

    def test_where_it_is_followed_again_they_are_the_new_ones(self, warehouse: Engine) -> None:
        known(warehouse, host="https://api.github.com", github_id=5)
        begun = begin(warehouse, 1)
        known(warehouse, host="https://api.github.com", github_id=5, with_rows=False)

        removal.erase(warehouse, begun)

        assert count(warehouse, "raw.gharchive_events") == 2
        assert count(warehouse, "ops.webhook_deliveries") == 2
        assert count(warehouse, "ops.repositories") == 1

    def test_what_a_merge_would_change_of_it_is_said_no_more(self, warehouse: Engine) -> None:
        repository_id = add_repository(warehouse)
        moves = [{"repository_id": one, "metric": "m"} for one in (repository_id, 99)]
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "insert into ops.merge_previews (alias, person, asked_by, asked_at, moves)"
                f" values ('a', 'b', 'c', '{AT}', '{json.dumps(moves)}'),"
                f" ('a', 'b', 'c', '{AT}', null)"
            )

        remove(warehouse, repository_id)

        assert rows(warehouse, "select moves from ops.merge_previews order by 1 nulls last") == [
            (moves[1:],), (None,)
        ]  # fmt: skip

    def test_no_column_but_these_knows_a_repository(self, warehouse: Engine) -> None:
        """Nobody would delete by another one; what names a job names its repository, too."""
        named = rows(
            warehouse,
            "select distinct table_schema || '.' || table_name, column_name"
            " from information_schema.columns where table_schema in ('raw', 'insights', 'ops')"
            " and column_name ~ '(repository|repositories)(_id|_ids)?$|^(job|run)_id$'",
        )
        known = {table for table, column in named if column == "repository_id"}

        assert {(table, column) for table, column in named if table not in known} == {
            ("raw.gharchive_events", "github_repository_id"),
        }  # fmt: skip


def known(warehouse: Engine, *, host: str, github_id: int, with_rows: bool = True) -> None:
    """A repository, and rows of it and of another one that have GitHub's number alone."""
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into ops.repositories (host, github_id, full_name, clone_url, state, added_at)"
            f" values ('{host}', {github_id}, 'octo/app', 'x', 'active', '{AT}')"
        )
        if with_rows:
            connection.exec_driver_sql(
                "insert into raw.gharchive_events"
                " (event_id, created_at, hour, type, github_repository_id, sanitized)"
                f" select n, '{AT}', '{AT}', 'WatchEvent', n, false from generate_series(5, 6) as n"
            )
            connection.exec_driver_sql(
                "insert into ops.webhook_deliveries"
                " (delivery_id, event, github_id, headers, body, received_at)"
                f" select gen_random_uuid(), 'push', n, '{{}}', 'x', '{AT}'"
                " from generate_series(5, 6) as n"
            )


class TestJobs:
    def test_nothing_is_erased_while_one_works_at_it(self, warehouse: Engine) -> None:
        job = claim(warehouse, add_repository(warehouse))
        begun = begin(warehouse, job.repository_id)

        assert removal.erase(warehouse, begun, now=lambda: AT) is None
        with warehouse.begin() as connection:
            jobs.finish(connection, job, state="cancelled", at=AT, outcome={})

        assert removal.erase(warehouse, begun, now=lambda: AT) is not None
        assert count(warehouse, "ops.jobs") == count(warehouse, "ops.job_events") == 0

    def test_one_whose_worker_died_is_waited_for_and_then_ended(self, warehouse: Engine) -> None:
        job = claim(warehouse, add_repository(warehouse))
        begun = begin(warehouse, job.repository_id)

        assert removal.erase(warehouse, begun, now=lambda: AT + timedelta(seconds=29)) is None
        assert removal.erase(warehouse, begun, now=lambda: AT + timedelta(seconds=31)) is not None

        with warehouse.begin() as connection, pytest.raises(LeaseLost):
            jobs.heartbeat(connection, job.job_id, job.fence, at=AT)

    def test_one_that_was_parked_meanwhile_ends(self, warehouse: Engine) -> None:
        job = claim(warehouse, add_repository(warehouse))
        begun = begin(warehouse, job.repository_id)
        with warehouse.begin() as connection:
            jobs.park(connection, job, not_before=AT + timedelta(hours=1), at=AT)

        assert removal.erase(warehouse, begun, now=lambda: AT) is not None
        assert count(warehouse, "ops.jobs") == 0

    def test_none_is_queued_any_more(self, warehouse: Engine) -> None:
        repository_id = add_repository(warehouse)
        begin(warehouse, repository_id)

        with pytest.raises(NotFound):
            queue(warehouse, repository_id)
        assert count(warehouse, "ops.jobs") == 0

    def test_one_that_is_queued_at_the_same_moment_is_cancelled(self, warehouse: Engine) -> None:
        repository_id = add_repository(warehouse)
        removing = threading.Thread(target=begin, args=(warehouse, repository_id))
        with warehouse.begin() as connection:
            job, _ = jobs.enqueue(connection, repository_id, at=AT)
            removing.start()
            removing.join(0.3)
        removing.join(10)

        assert state_of(warehouse, job) == "cancelled"


class TestInterrupted:
    def test_a_stop_leaves_the_rest_for_the_next_time(self, warehouse: Engine) -> None:
        filled.fill(warehouse, 1)
        begun = begin(warehouse, 1)
        stop = threading.Event()
        stop.set()

        assert removal.erase(warehouse, begun, stop=stop) is None
        assert filled.of(warehouse, 1)
        assert removal.erase(warehouse, begun) is not None
        assert filled.of(warehouse, 1) == {}

    def test_a_stop_ends_it_in_the_middle_of_a_table(self, warehouse: Engine) -> None:
        commits(warehouse, 20_000, of=add_repository(warehouse))
        begun, stop = begin(warehouse, 1), threading.Event()
        with ThreadPoolExecutor(1) as pool:
            erasing = pool.submit(removal.erase, warehouse, begun, stop=stop, batch_rows=5)
            wait_for(lambda: count(warehouse, "raw.git_commits") < 20_000)
            stop.set()

            assert erasing.result(5) is None
        assert count(warehouse, "raw.git_commits") > 0

    def test_whoever_is_killed_loses_nothing_and_the_next_goes_on(
        self, warehouse: Engine, settings: Settings
    ) -> None:
        commits(warehouse, 30_000, of=add_repository(warehouse))
        commits(warehouse, 5, of=99)
        begun = begin(warehouse, 1)
        command = [sys.executable, "-c", _ERASE]
        killed = subprocess.Popen(command, env=variables(settings))
        wait_for(lambda: count(warehouse, "raw.git_commits") < 29_000)
        killed.kill()
        killed.wait()

        assert 5 < count(warehouse, "raw.git_commits") < 29_000
        with warehouse.begin() as connection:
            assert tombstones.pending(connection)[0].repository_id == 1
        done = removal.erase(warehouse, begun)

        assert done is not None
        assert done.rows_count == 30_002, "with its name and itself"
        assert count(warehouse, "raw.git_commits") == 5

    def test_two_at_once_do_no_harm(self, warehouse: Engine) -> None:
        commits(warehouse, 5_000, of=add_repository(warehouse))
        begun = begin(warehouse, 1)
        done: list[Tombstone | None] = []
        both = [
            threading.Thread(
                target=lambda: done.append(removal.erase(warehouse, begun, batch_rows=100))
            )
            for _ in range(2)
        ]
        for one in both:
            one.start()
        for one in both:
            one.join(30)

        assert [one and one.rows_count for one in done] == [5_002, 5_002]

    def test_a_table_that_is_made_anew_meanwhile_is_no_trouble(self, warehouse: Engine) -> None:
        filled.make_models(warehouse)
        filled.fill(warehouse, 1)
        begun = begin(warehouse, 1)
        ended = threading.Event()

        def make() -> None:
            while not ended.wait(0.001):
                with warehouse.begin() as connection:
                    connection.exec_driver_sql("drop table if exists candidate.figures")
                with warehouse.begin() as connection:
                    connection.exec_driver_sql(
                        "create table candidate.figures (repository_id bigint)"
                    )

        making = threading.Thread(target=make)
        making.start()
        done = removal.erase(warehouse, begun)
        ended.set()
        making.join()

        assert done is not None


def commits(warehouse: Engine, number: int, *, of: int) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into raw.git_commits (repository_id, sha, parents, author_name, author_email,"
            " authored_at_raw, committer_name, committer_email, committed_at_raw, message,"
            f" is_on_default_branch, source, sanitized, extracted_at, run_id) select {of}, n::text,"
            " '{}', 'a', 'a@x', '', 'a', 'a@x', '', 'x', true, 'git', false, "
            f"'{AT}', gen_random_uuid() from generate_series(1, {number}) as n"
        )


def test_a_preview_changes_nothing_and_knows_what_there_is(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    commits(warehouse, 3, of=repository_id)

    told = removal.preview(warehouse, repository_id)

    assert told == {"ops.repositories": 1, "ops.repository_names": 1, "raw.git_commits": 3}
    assert count(warehouse, "raw.git_commits") == 3
    with pytest.raises(NotFound):
        removal.preview(warehouse, 99)
