"""Migrations on a database of their own."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.resources import files

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import ProgrammingError

from gitinsight.errors import UpstreamUnavailable
from gitinsight.runtime.postgres import EmbeddedPostgres
from tests.support.databases import copy_of
from tests.support.rows import fetch
from warehouse.engine import Engine, make_engine
from warehouse.migrate import current, differences, head, migrate

MIGRATE = """
import sys
from warehouse.engine import make_engine
from warehouse.migrate import migrate

print("ready", flush=True)
sys.stdin.readline()
migrate(make_engine(sys.argv[1], process="migrate"))
"""
TABLES = (
    "select table_schema, table_name from information_schema.tables"
    " where table_schema in ('raw', 'insights', 'ops', 'auth') order by 1, 2"
)


@pytest.fixture
def empty_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    with copy_of(postgres_server, "template1") as url:
        yield url


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    engine = make_engine(empty_url, process="test")
    yield engine
    engine.dispose()


def test_the_migrations_make_exactly_the_tables(empty: Engine) -> None:
    migrate(empty)

    assert differences(empty) == []


def test_a_table_that_no_migration_makes_is_told(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql("alter table ops.jobs drop column worker")

    (difference,) = differences(warehouse)
    assert "worker" in str(difference)


def test_what_dbt_owns_is_left_alone(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql("create table marts.of_dbt (id int)")
    migrate(warehouse)

    assert differences(warehouse) == []


def test_two_processes_that_migrate_at_once_take_turns(empty: Engine, empty_url: str) -> None:
    both = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, empty_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        process.stdout.readline()
    for process in both:
        assert process.stdin is not None
        process.stdin.write(b"now\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=60)

    assert [process.returncode for process in both] == [0, 0]
    assert differences(empty) == []


def test_down_and_up_again_is_where_it_was(warehouse: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("warehouse") / "migrations"))
    with warehouse.connect() as connection:
        before = fetch(connection, TABLES)
        connection.rollback()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()
        left = fetch(connection, TABLES)
    migrate(warehouse)

    assert left == [("ops", "alembic_version")]
    with warehouse.connect() as connection:
        assert fetch(connection, TABLES) == before
    assert differences(warehouse) == []


def test_a_migration_leaves_no_lock_timeout_behind(database_url: str) -> None:
    engine = make_engine(database_url, process="test", pool_size=1)
    migrate(engine)
    with engine.connect() as one, engine.connect() as two:
        found = [session.exec_driver_sql("show lock_timeout").scalar() for session in (one, two)]
    engine.dispose()

    assert found == ["0", "0"]


def test_whoever_holds_a_lock_keeps_nobody_else_waiting_and_the_migration_comes_later(
    warehouse: Engine,
) -> None:
    _downgrade(warehouse, "0001")
    with warehouse.connect() as holder:
        holder.exec_driver_sql("lock table ops.jobs in access share mode")
        released = threading.Timer(1.0, holder.rollback)
        released.start()
        migrate(warehouse, lock_timeout_ms=100, attempts=100, pause_seconds=0.1)
        released.join()

    assert differences(warehouse) == []
    with warehouse.connect() as connection:
        assert current(connection) == head()


def test_a_lock_that_stays_is_told_with_who_holds_it_and_what_was_done_stays(
    warehouse: Engine,
) -> None:
    _downgrade(warehouse, "0001")
    with warehouse.connect() as holder:
        holder.exec_driver_sql("lock table ops.jobs in access share mode")
        with pytest.raises(UpstreamUnavailable, match="locked by gitinsight-test") as caught:
            migrate(warehouse, lock_timeout_ms=50, attempts=2, pause_seconds=0.01)
        with warehouse.connect() as reader:
            reader.exec_driver_sql("set lock_timeout = 50")
            assert reader.exec_driver_sql("select count(*) from ops.jobs").scalar() == 0

    assert caught.value.exit_code == 75
    with warehouse.connect() as connection:
        assert current(connection) is not None
        assert current(connection) != head()


def test_another_error_than_a_lock_is_not_tried_again(empty: Engine) -> None:
    with empty.begin() as connection:
        connection.exec_driver_sql("create schema ops; create table ops.jobs (of_another int)")

    with pytest.raises(ProgrammingError):
        migrate(empty)


def _downgrade(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("warehouse") / "migrations"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        connection.commit()
