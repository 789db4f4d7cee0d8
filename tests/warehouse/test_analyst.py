"""What an analyst may do by hand, and what not."""

from contextlib import suppress
from uuid import UUID

import pytest

from tests.support.marts import publish_figures
from tests.support.rows import AT, claim, value
from warehouse import analyst, quality
from warehouse.analyst import QueryFailed
from warehouse.engine import Engine
from warehouse.quality import Check

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
