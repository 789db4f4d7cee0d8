"""Rows on a terminal, and for programs."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from flows import tables


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"), (0, "0"), (1234567, "1,234,567"), (True, "yes"), (False, "no"), ("x", "x"),
        (datetime(2026, 6, 1, 12, tzinfo=UTC), "2026-06-01 12:00:00Z"),
    ],
)  # fmt: skip
def test_a_cell_reads_well_and_the_unknown_is_a_dash(value: Any, shown: str) -> None:
    assert tables.cell(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (0.5, "30 min"), (47.94, "47.9 h"), (48, "2.0 d")]
)
def test_hours_come_in_the_unit_that_a_person_would_use(value: float | None, shown: str) -> None:
    assert tables.hours(value) == shown


def test_programs_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    tables.show([{"at": datetime(2026, 6, 1, tzinfo=UTC), "count": None}], as_json=True)

    assert json.loads(capsys.readouterr().out) == [
        {"at": "2026-06-01 00:00:00+00:00", "count": None}
    ]


def test_no_rows_are_said_to_be_none(capsys: pytest.CaptureFixture[str]) -> None:
    tables.show([])

    assert capsys.readouterr().out == "none\n"


def test_no_rows_are_an_empty_list_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    tables.show([], as_json=True)

    assert json.loads(capsys.readouterr().out) == []
