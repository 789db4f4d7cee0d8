"""What an analyst may do by hand, and what not."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import create_engine

from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime.postgres import EmbeddedPostgres
from tests.support.databases import copy_of
from tests.support.hostile_sql import GOOD, HARMLESS, HOSTILE
from tests.support.marts import publish_figures
from tests.support.rows import AT, add_repository, claim, value
from warehouse import analyst, quality
from warehouse.analyst import Answer, Limits
from warehouse.engine import Engine, make_engine
from warehouse.quality import Check
from warehouse.statements import AnswerTooLarge, Guarded, QueryFailed, StatementTooCostly

LIMITS = Limits(rows=100)

WRITES = (
    "insert into marts.contributor values (1, 'mallory', 9)",
    "update marts.contributor set commits_count = 0",
    "delete from insights.bus_factor",
    "create table marts.mine (id int)",
    "drop table marts.contributor",
    "create temporary table mine (id int)",
)
ESCAPES = (
    "reset role; select * from ops.jobs",
    "commit; delete from marts.contributor",
    "rollback; set role postgres; drop schema raw cascade",
    "select 1; select 2",
)


@pytest.fixture
def filled(warehouse: Engine) -> Engine:
    publish_figures(warehouse, claim(warehouse))
    return warehouse


def select(warehouse: Engine, text: str) -> list[dict[str, object]]:
    with warehouse.connect() as connection:
        return analyst.select(connection, text)


@pytest.mark.parametrize(
    "text",
    [
        "select person, commits_count from marts.contributor order by 1 limit 1",
        "with ann as (table marts.contributor limit 1) select person, commits_count from ann;",
    ],
)
def test_marts_can_be_read(filled: Engine, text: str) -> None:
    assert select(filled, text) == [{"person": "ann", "commits_count": 5}]


def test_insights_can_be_read(filled: Engine) -> None:
    assert select(filled, "select count(*) as rows from insights.bus_factor") == [{"rows": 0}]


def test_every_check_of_every_job_can_be_read_and_whether_its_figures_are_shown(
    filled: Engine,
) -> None:
    shown = value(filled, "select job_id from ops.publications")
    late = Check("volume", "great_expectations", "raw.x", "block", "failed", 2, "3", "5")
    with filled.begin() as connection:
        for job_id in (shown, UUID(int=7)):
            quality.record(connection, [late], job_id=job_id, repository_id=1, at=AT)

    found = select(
        filled,
        "select source, check_name, status, failures_count, observed, expected, is_shown"
        " from insights.data_quality order by is_shown",
    )

    told = {
        "source": "great_expectations", "check_name": "volume", "status": "failed",
        "failures_count": 2, "observed": "3", "expected": "5",
    }  # fmt: skip
    assert found == [{**told, "is_shown": False}, {**told, "is_shown": True}]


def test_percent_signs_are_nothing_special(filled: Engine) -> None:
    assert len(select(filled, "select 1 from marts.contributor where person like '%n%'")) == 1


def test_a_mart_that_is_published_later_can_be_read_too(filled: Engine) -> None:
    with filled.begin() as connection:
        connection.exec_driver_sql("create table marts.later (id int)")

    assert select(filled, "select * from marts.later") == []


@pytest.mark.parametrize("table", ["raw.github_issues", "ops.jobs", "ops.requests"])
def test_raw_and_ops_cannot_be_read(filled: Engine, table: str) -> None:
    with pytest.raises(QueryFailed, match="permission denied"):
        select(filled, f"select * from {table}")


@pytest.mark.parametrize("text", WRITES)
def test_nothing_can_be_written(filled: Engine, text: str) -> None:
    with pytest.raises(QueryFailed):
        select(filled, text)

    assert value(filled, "select count(*) from marts.contributor") == 3


@pytest.mark.parametrize("text", ESCAPES)
def test_it_is_one_statement_and_no_more(filled: Engine, text: str) -> None:
    with pytest.raises(QueryFailed, match="multiple commands"):
        select(filled, text)

    assert value(filled, "select count(*) from marts.contributor") == 3


def test_a_statement_that_takes_too_long_is_ended(
    filled: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyst, "_TIMEOUT", "50ms")

    with pytest.raises(QueryFailed, match="statement timeout"):
        select(filled, "select pg_sleep(30)")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("selec 1", 'syntax error at or near "selec"'),
        ("select * from marts.nothing", 'relation "marts.nothing" does not exist'),
        ("select 1 / 0", "division by zero"),
    ],
)
def test_why_it_failed_is_said_in_one_line(filled: Engine, text: str, reason: str) -> None:
    with pytest.raises(QueryFailed) as caught:
        select(filled, text)

    assert str(caught.value) == f"the query failed: {reason}"


def test_a_statement_without_rows_gives_none(filled: Engine) -> None:
    assert select(filled, "set local work_mem = '8MB'") == []


@pytest.mark.parametrize("text", ["select 1", "selec 1"])
def test_the_connection_is_its_owners_again_afterwards(filled: Engine, text: str) -> None:
    with filled.connect() as connection:
        with suppress(QueryFailed):
            analyst.select(connection, text)
        who = connection.exec_driver_sql("select current_user").scalar()
        timeout = connection.exec_driver_sql("show statement_timeout").scalar()

    assert (who, timeout) == ("postgres", "0")


@pytest.fixture(scope="module")
def library(postgres_server: EmbeddedPostgres, _template: str) -> Iterator[Engine]:
    """Figures of two repositories, which tests only read."""
    with copy_of(postgres_server, _template) as url:
        engine = make_engine(url, process="test")
        for number in (1, 2):
            repository_id = add_repository(engine, f"octo/app-{number}", github_id=number)
            publish_figures(engine, claim(engine, repository_id))
        yield engine
        engine.dispose()


def ask(warehouse: Engine, text: str, limits: Limits = LIMITS, **options: Any) -> Answer:
    with warehouse.connect() as connection:
        return analyst.ask(connection, text, limits, **options)


def run(warehouse: Engine, text: str, limits: Limits = LIMITS) -> Answer:
    """Past the gate."""
    with warehouse.connect() as connection:
        return analyst.run(connection, Guarded(text, {}), limits)


class TestStrangers:
    def test_an_answer_has_columns_types_and_rows(self, library: Engine) -> None:
        found = ask(
            library,
            "select day, commits_count, lines_added_count, null as n, current_user as who"
            " from daily_activity order by repository_id, day limit 1",
        )

        assert found.columns == [
            ("day", "date"), ("commits_count", "bigint"), ("lines_added_count", "numeric"),
            ("n", "text"), ("who", "name"),
        ]  # fmt: skip
        assert found.rows == [(date(2026, 1, 5), 3, Decimal(10), None, "gitinsight_analyst")]
        assert found.is_cut is False
        assert found.tables == {
            ("marts", "daily_activity"): (
                "repository_id", "day", "commits_count", "lines_added_count",
            )
        }  # fmt: skip

    def test_columns_may_be_called_the_same(self, library: Engine) -> None:
        found = ask(library, "select 1 as answer, 2 as answer")

        assert (found.columns, found.rows) == ([("answer", "integer")] * 2, [(1, 2)])

    @pytest.mark.parametrize("text", GOOD)
    def test_what_is_good_answers_what_the_text_itself_would(
        self, library: Engine, text: str
    ) -> None:
        with library.connect() as connection:
            expected = analyst.select(connection, text)

        found = ask(library, text)

        names = [name for name, _ in found.columns]
        assert [dict(zip(names, row, strict=True)) for row in found.rows] == expected

    def test_without_the_gate_the_rights_stop_what_is_hostile(self, library: Engine) -> None:
        passed = set()
        for text in HOSTILE:
            try:
                run(library, text, Limits(rows=10, seconds=1, cost=1_000_000))
                passed.add(text)
            except (QueryFailed, ValueError):
                continue

        assert passed <= HARMLESS
        assert value(library, "select count(*) from marts.contributor") == 6
        assert value(library, "select count(*) from ops.jobs") == 2

    def test_nobody_gets_back_to_be_the_owner(self, library: Engine) -> None:
        """Past the gate, where a role that was only put on could be taken off again."""
        found = run(
            library,
            "select set_config('role', 'none', true) as role, session_user as who,"
            " set_config('default_transaction_read_only', 'off', true) as is_reader",
        )
        assert found.rows == [("none", "gitinsight_analyst", "off")]
        with pytest.raises(QueryFailed, match="permission denied"):
            run(library, "select set_config('role', 'postgres', true)")

    def test_there_are_no_more_rows_than_were_asked_for(self, library: Engine) -> None:
        found = ask(library, "select 1 from contributor limit 100000000", Limits(rows=4))

        assert (len(found.rows), found.is_cut) == (4, True)
        assert ask(library, "select 1 from contributor", Limits(rows=6)).is_cut is False

    def test_rows_keep_their_order(self, library: Engine) -> None:
        found = ask(library, "select person, commits_count from contributor order by 2 desc, 1")

        assert [row[1] for row in found.rows] == [5, 5, 3, 3, 0, 0]

    @pytest.mark.parametrize(
        "text",
        [
            "select array_to_string(array_agg(person), ',') || 'x' from contributor",
            "select person as answer from contributor",
            "select person from contributor",
        ],
    )
    def test_an_answer_of_too_many_bytes_is_refused(self, library: Engine, text: str) -> None:
        """Whatever its columns are called."""
        with pytest.raises(AnswerTooLarge, match="more than 20 bytes"):
            ask(library, text, Limits(rows=10, bytes=20))

    def test_what_would_cost_too_much_is_not_begun(self, library: Engine) -> None:
        tables = ", ".join(f"contributor as c{one}" for one in range(10))

        with pytest.raises(StatementTooCostly, match="PostgreSQL plans a cost of"):
            ask(library, f"select count(*) from {tables}", Limits(rows=1, cost=100_000))

    def test_what_takes_too_long_is_ended(self, library: Engine) -> None:
        tables = ", ".join(f"contributor as c{one}" for one in range(14))
        begun = time.monotonic()

        with pytest.raises(StatementTooCostly, match="longer than 1 seconds"):
            ask(library, f"select count(*) from {tables}", Limits(rows=1, seconds=1))

        assert time.monotonic() - begun < 5

    def test_what_writes_too_much_to_the_disk_is_ended(self, library: Engine) -> None:
        tables = ", ".join(f"contributor as c{one}" for one in range(6))
        persons = " || ".join(f"c{one}.person" for one in range(6))
        text = (
            f"select max(n) from (select row_number() over (order by {persons}) as n"
            f" from {tables}) as numbered"
        )
        self._bound(library, work_mem="64kB", temp_file_limit="64kB")
        try:
            with pytest.raises(StatementTooCostly, match="temp_file_limit"):
                ask(library, text, Limits(rows=1, seconds=60))
        finally:
            self._bound(library, work_mem="16MB", temp_file_limit="1GB")

    def _bound(self, library: Engine, **bounds: str) -> None:
        with library.begin() as connection:
            for name, most in bounds.items():
                connection.exec_driver_sql(f"alter role gitinsight_analyst set {name} = '{most}'")

    def test_a_server_that_goes_away_meanwhile_is_no_fault_of_the_statement(
        self, library: Engine
    ) -> None:
        tables = ", ".join(f"contributor as c{one}" for one in range(14))
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(ask, library, f"select count(*) from {tables}")
            ended = 0
            while not ended:
                ended = value(
                    library,
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                    " where usename = 'gitinsight_analyst' and state = 'active'",
                )

            with pytest.raises(psycopg.OperationalError):
                asked.result()

    def test_a_pattern_that_goes_wild_is_ended(self, library: Engine) -> None:
        text = "select " + "'" + "a" * 5_000 + "' ~ '^((a+)+)+\\1\\2$'"
        with suppress(QueryFailed):
            ask(library, text, Limits(rows=1, seconds=1))

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("select nothing from contributor", 'column "nothing" does not exist'),
            ("select commits_coun from contributor", "Perhaps you meant to reference"),
            ("select 1 / 0", "division by zero"),
            ("select 'x'::integer", "invalid input syntax for type integer"),
            ("select 'infinity'::timestamptz", "timestamp too large"),
            ("select 1 as gitinsight_bytes", "ambiguous"),
        ],
    )
    def test_what_postgresql_says_is_passed_on(
        self, library: Engine, text: str, reason: str
    ) -> None:
        with pytest.raises(QueryFailed, match=reason):
            ask(library, text)

    def test_only_readable_repositories_are_seen(self, library: Engine) -> None:
        text = (
            "with a as (select * from contributor) select distinct a.repository_id from a"
            " union select repository_id from daily_activity order by 1"
        )
        assert ask(library, text).rows == [(1,), (2,)]

        assert ask(library, text, readable=[2]).rows == [(2,)]
        assert ask(library, text, readable=[]).rows == []

    def test_no_error_tells_of_a_row_that_is_not_seen(self, library: Engine) -> None:
        text = "select 1 from contributor where 1 / (repository_id - 1) >= 0"
        with pytest.raises(QueryFailed, match="division by zero"):
            ask(library, text)

        assert len(ask(library, text, readable=[2]).rows) == 3

    def test_a_password_that_somebody_changed_is_set_again(self, library: Engine) -> None:
        with library.begin() as connection:
            connection.exec_driver_sql("alter role gitinsight_analyst password 'other'")

        assert ask(library, "select 1").rows == [(1,)]

    def test_an_owner_who_may_not_let_analysts_log_in_is_told(self, library: Engine) -> None:
        with library.begin() as connection:
            for statement in (
                "create role plain login password 'plain'",
                "alter role gitinsight_analyst password 'other'",
            ):
                connection.exec_driver_sql(statement)
        plain = create_engine(library.url.set(username="plain", password="plain"))  # noqa: S106
        try:
            with pytest.raises(BrokenEnvironment, match="gitinsight_analyst cannot log in"):
                ask(plain, "select 1")
        finally:
            plain.dispose()
            with library.begin() as connection:
                connection.exec_driver_sql("drop role plain")

    def test_a_server_that_takes_no_more_analysts_is_no_fault_of_the_statement(
        self, library: Engine
    ) -> None:
        with library.begin() as connection:
            connection.exec_driver_sql("alter role gitinsight_analyst connection limit 0")
        try:
            with pytest.raises(psycopg.OperationalError, match="too many connections"):
                ask(library, "select 1")
        finally:
            with library.begin() as connection:
                connection.exec_driver_sql("alter role gitinsight_analyst connection limit 16")
