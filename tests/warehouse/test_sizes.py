"""How tables grow, by what was measured."""

from datetime import timedelta

from tests.support.rows import AT
from warehouse import sizes
from warehouse.engine import Engine
from warehouse.sizes import Size


def size_of(warehouse: Engine, table: str) -> Size:
    with warehouse.begin() as connection:
        (found,) = (one for one in sizes.sizes(connection) if one.table == table)
    return found


def fill(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into ops.cursors (repository_id, thing, shard, state, fence, updated_at)"
            " select 1 + coalesce((select max(repository_id) from ops.cursors), 0) + n, 'issues',"
            " 0, '{}', 0, now() from generate_series(1, 10000) as n"
        )
        connection.exec_driver_sql("analyze ops.cursors")


def test_before_two_days_were_measured_the_pace_is_not_known(warehouse: Engine) -> None:
    nothing = size_of(warehouse, "ops.cursors")
    with warehouse.begin() as connection:
        assert sizes.measured_on(connection) is None
        sizes.record(connection, at=AT, forgotten={})
        assert sizes.measured_on(connection) == AT.date()

    found = size_of(warehouse, "ops.cursors")

    assert nothing == Size("ops.cursors", nothing.size_bytes, None, None, None)
    assert (found.growth_bytes, found.since) == (None, AT.date())


def test_the_pace_is_by_day_and_what_was_forgotten_would_be_there_too(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        sizes.record(connection, at=AT, forgotten={"ops.cursors": 77})
    empty = size_of(warehouse, "ops.cursors").size_bytes
    fill(warehouse)
    with warehouse.begin() as connection:
        sizes.record(connection, at=AT + timedelta(days=4), forgotten={"ops.cursors": 5_000})

    found = size_of(warehouse, "ops.cursors")

    assert found.growth_bytes == (found.size_bytes - empty) / 4 > 100_000
    assert found.gross_bytes is not None
    a_row = found.size_bytes // 10_000
    assert found.gross_bytes == found.growth_bytes + 5_000 * a_row / 4


def test_what_is_recorded_twice_in_a_day_counts_once(warehouse: Engine) -> None:
    fill(warehouse)
    with warehouse.begin() as connection:
        sizes.record(connection, at=AT - timedelta(days=31), forgotten={})
        sizes.record(connection, at=AT, forgotten={})
        sizes.record(connection, at=AT + timedelta(hours=1), forgotten={})
        sizes.record(connection, at=AT + timedelta(days=1), forgotten={})

    found = size_of(warehouse, "ops.cursors")

    assert (found.since, found.growth_bytes) == (AT.date(), 0)
