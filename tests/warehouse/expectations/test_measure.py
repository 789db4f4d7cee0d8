"""What a check is measured with."""

from psycopg import sql

from tests.support.marts import make
from warehouse.engine import Engine
from warehouse.expectations import measure


def test_columns_are_told_by_table(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        make(connection, "marts.labels", "repository_id bigint, name text, gone text")
        connection.exec_driver_sql("alter table marts.labels drop column gone")

        found = measure.columns(connection, "marts")

    assert found["labels"] == {"repository_id", "name"}
    assert found["nothing"] == set()


def test_a_schema_that_is_not_there_has_no_tables(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        assert measure.columns(connection, "nowhere") == {}


def test_rows_are_counted(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        make(connection, "marts.labels", "repository_id bigint, name text", (1, "a"), (2, "b"))

        found = measure.count(
            connection, sql.SQL("select count(*) from marts.{} where repository_id = %s").format(
                sql.Identifier("labels")
            ), 1,
        )  # fmt: skip

    assert found == 1
