"""Connections: what is passing trouble, who holds a lock, where the server is."""

import threading

import psycopg
import pytest

from gitinsight import traces
from gitinsight.runtime.process import free_port
from tests.support.collector import traced
from tests.support.outages import away, kill_sessions
from tests.support.rows import value
from warehouse.engine import (
    UNREACHABLE,
    Address,
    Engine,
    address,
    at_once,
    driver,
    make_engine,
    session_lock,
)

KEY = 42


def test_a_connection_that_the_server_ends_is_passing_trouble(
    warehouse: Engine, database_url: str
) -> None:
    with warehouse.connect() as connection:
        connection.exec_driver_sql("select 1")
        kill_sessions(database_url)

        with pytest.raises(UNREACHABLE):
            connection.exec_driver_sql("select 1")


def test_so_it_is_for_the_driver_below(warehouse: Engine, database_url: str) -> None:
    with warehouse.connect() as connection:
        raw = driver(connection)
        raw.execute("select 1")
        kill_sessions(database_url)

        with pytest.raises(UNREACHABLE):
            raw.execute("select 1")


def test_what_is_sent_at_once_is_there_when_it_ends(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        with at_once(connection):
            first = driver(connection).execute("create table note (id int unique)")
            second = driver(connection).execute("insert into note values (1), (2)")
            third = driver(connection).execute("select id from note order by id")

        assert (first.statusmessage, second.rowcount) == ("CREATE TABLE", 2)
        assert third.fetchall() == [(1,), (2,)]


def test_an_error_of_one_that_is_sent_at_once_undoes_the_transaction(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        driver(connection).execute("create table note (id int unique)")

    def write() -> None:
        with warehouse.begin() as connection, at_once(connection):
            driver(connection).execute("insert into note values (1)")
            driver(connection).execute("insert into note values (1)")
            driver(connection).execute("insert into note values (2)")

    with pytest.raises(psycopg.errors.UniqueViolation):
        write()
    assert value(warehouse, "select count(*) from note") == 0


def test_a_server_that_goes_while_several_are_sent_at_once_is_passing_trouble(
    warehouse: Engine, database_url: str
) -> None:
    def read() -> None:
        with warehouse.begin() as connection:
            driver(connection).execute("select 1")
            kill_sessions(database_url)
            with at_once(connection):
                driver(connection).execute("select 1")
                driver(connection).execute("select 2")

    with pytest.raises(UNREACHABLE):
        read()


def test_a_server_that_is_away_is_passing_trouble() -> None:
    engine = make_engine(f"postgresql://nobody@127.0.0.1:{free_port(0)}/none", process="test")

    with pytest.raises(UNREACHABLE):
        engine.connect()


def test_a_pool_that_is_used_up_is_passing_trouble(database_url: str) -> None:
    engine = make_engine(database_url, process="test", pool_size=1)
    engine.pool._timeout = 0.01  # type: ignore[attr-defined]  # noqa: SLF001 - half a minute is long
    held = [engine.connect() for _ in range(3)]

    with pytest.raises(UNREACHABLE):
        engine.connect()

    for connection in held:
        connection.close()
    engine.dispose()


def test_a_wrong_statement_is_not_passing_trouble(warehouse: Engine) -> None:
    with warehouse.connect() as connection, pytest.raises(Exception, match="nowhere") as caught:
        connection.exec_driver_sql("select * from nowhere")

    assert not isinstance(caught.value, UNREACHABLE)


def test_after_an_outage_the_engine_goes_on(warehouse: Engine, database_url: str) -> None:
    with away(database_url), pytest.raises(UNREACHABLE):
        value(warehouse, "select 1")

    assert value(warehouse, "select 1") == 1


def test_connections_that_were_ended_while_nobody_used_them_are_replaced(
    warehouse: Engine, database_url: str
) -> None:
    held = [warehouse.connect() for _ in range(3)]
    for connection in held:
        connection.exec_driver_sql("select 1")
        connection.close()
    kill_sessions(database_url)

    for _ in range(3):
        with warehouse.connect() as connection:
            assert connection.exec_driver_sql("select 1").scalar() == 1


def test_a_connection_whose_server_is_silent_is_asked_nothing_before_its_use(
    warehouse: Engine, database_url: str
) -> None:
    with warehouse.connect() as connection:
        session = connection.exec_driver_sql("select pg_backend_pid()").scalar()
    other = make_engine(database_url, process="other")

    with warehouse.connect():
        last = value(other, "select query from pg_stat_activity where pid = %s", session)

    assert last == "ROLLBACK"
    other.dispose()


def test_a_session_says_for_which_process_it_is_and_counts_in_utc(warehouse: Engine) -> None:
    with warehouse.connect() as connection:
        name = connection.exec_driver_sql("show application_name").scalar()
        zone = connection.exec_driver_sql("show timezone").scalar()

    assert (name, zone) == ("gitinsight-test", "UTC")


def test_the_lock_keeps_everybody_else_out(warehouse: Engine) -> None:
    inside: list[str] = []

    def enter() -> None:
        with session_lock(warehouse, KEY):
            inside.append("second")

    with session_lock(warehouse, KEY):
        second = threading.Thread(target=enter)
        second.start()
        second.join(0.2)
        inside.append("first")
    second.join(5)

    assert inside == ["first", "second"]


def test_the_lock_falls_with_the_connection_of_its_holder(
    warehouse: Engine, database_url: str
) -> None:
    def lose() -> None:
        with session_lock(warehouse, KEY):
            kill_sessions(database_url)

    with pytest.raises(UNREACHABLE):
        lose()

    assert value(warehouse, "select pg_try_advisory_lock(%s)", KEY)


def test_an_error_inside_gives_the_lock_back(warehouse: Engine) -> None:
    with pytest.raises(ValueError, match="inside"), session_lock(warehouse, KEY):
        raise ValueError("inside")

    assert value(warehouse, "select pg_try_advisory_lock(%s)", KEY)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://ann:p%40ss@db.test:6543/facts",
            Address("db.test", 6543, "ann", "p@ss", "facts"),
        ),
        ("postgresql:///facts", Address("127.0.0.1", 5432, "", "", "facts")),
    ],
)
def test_the_address_is_told_part_by_part(url: str, expected: Address) -> None:
    assert address(make_engine(url, process="test")) == expected


def test_no_address_shows_its_password() -> None:
    assert "secret" not in repr(Address("h", 1, "u", "secret", "d"))


def test_a_statement_that_is_part_of_a_trace_says_so_to_the_server(database_url: str) -> None:
    with traced() as collector:
        engine = make_engine(database_url, process="test")
        with traces.span("asked"), engine.begin() as connection:
            ((shown,),) = driver(connection).execute("select current_query()")
        with engine.begin() as connection:
            ((alone,),) = driver(connection).execute("select current_query()")
        engine.dispose()

    asked = collector.named("asked")
    (statement,) = (
        one for one in collector.spans if "current_query" in one.facts.get("db.query.text", "")
    )
    assert statement.parent == asked.id
    assert shown == f"select current_query() /*traceparent='00-{asked.trace}-{statement.id}-01'*/"
    assert alone == "select current_query()"
