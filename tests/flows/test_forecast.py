"""How large tables become, and when the disk is full."""

from datetime import date, timedelta

import pytest

from flows import forecast
from flows.forecast import Forecast
from gitinsight.settings import RetentionSettings
from tests.support.rows import AT
from warehouse import sizes
from warehouse.engine import Engine
from warehouse.sizes import Size

MB = 1_000_000
SIZE = Size("ops.requests", 100 * MB, 2.0 * MB, 3.0 * MB, date(2026, 1, 1))
UNKNOWN = Forecast("raw.new", 5 * MB, None, None, None)


def test_a_table_grows_until_it_loses_what_it_gains() -> None:
    found = forecast.forecast(SIZE, {"ops.requests": timedelta(days=10)})

    assert found == Forecast("ops.requests", 100 * MB, 2 * MB, 120 * MB, 370 * MB)


def test_a_table_without_a_rule_grows_all_the_time() -> None:
    assert forecast.forecast(SIZE, {}).kept_bytes == 280 * MB
    assert forecast.forecast(SIZE, {"ops.requests": timedelta(days=500)}).kept_bytes == 280 * MB


def test_what_is_not_known_is_not_said() -> None:
    found = forecast.forecast(Size("raw.new", 5 * MB, None, None, None), {})

    assert found == UNKNOWN
    assert forecast.rows([found])[0] == {
        "table": "raw.new", "mb": 5.0, "mb_a_day": None, "mb_in_90_days": None,
        "without_retention": None,
    }  # fmt: skip


def test_the_others_are_told_together_and_nothing_is_left_out_of_the_sum() -> None:
    known = [Forecast(f"raw.t{n}", MB, 1.0, 2.0 * MB, 3.0 * MB) for n in range(15)]

    told = forecast.rows([*known, UNKNOWN])

    assert len(told) == 12 + 2
    assert told[-2] == {
        "table": "4 others", "mb": 8.0, "mb_a_day": 0.0, "mb_in_90_days": 6.0,
        "without_retention": 9.0,
    }  # fmt: skip
    assert told[-1]["mb"] == 20.0


@pytest.mark.parametrize(
    ("found", "free_bytes", "told"),
    [
        ([UNKNOWN], None, "the disk is that of another server"),
        ([UNKNOWN], 10**9, "1.0 GB of the disk are free; the pace is known once two days"),
        (
            [UNKNOWN, Forecast("t", 0, 1.0, 90.0 * MB, 180.0 * MB)], 10**9,
            "1.0 GB of the disk are free: full in 1,000 days; without retention full in 500 days",
        ),
        ([Forecast("t", MB, 0.0, float(MB), float(MB))], 10**9, "1.0 GB of the disk are free: nev"),
    ],
)  # fmt: skip
def test_the_day_on_which_the_disk_is_full(
    found: list[Forecast], free_bytes: int | None, told: str
) -> None:
    assert forecast.full(found, free_bytes).startswith(told)


def test_how_long_a_table_still_grows_is_told_by_its_oldest_row(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into ops.requests (at, principal, bucket, path, status, cost, milliseconds,"
            f" bytes) select timestamptz '{AT}' - interval '60 days', 'me', 'core', 'x', 200,"
            " 1, 1, n from generate_series(1, 5000) as n"
        )
        sizes.record(connection, at=AT - timedelta(days=2), forgotten={})
        connection.exec_driver_sql(
            "update ops.table_sizes set size_bytes = 0 where table_name = 'ops.requests'"
        )
        sizes.record(connection, at=AT, forgotten={})

    (found,) = (
        one
        for one in forecast.read(warehouse, RetentionSettings(), at=AT)
        if one.table == "ops.requests"
    )

    assert found.kept_bytes == found.size_bytes + found.size_bytes / 2 * 30
    assert found.gross_bytes == found.size_bytes + found.size_bytes / 2 * 90
