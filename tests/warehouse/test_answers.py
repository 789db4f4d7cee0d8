"""Answers as files."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyarrow import parquet

from warehouse import answers
from warehouse.analyst import Answer

AT = datetime(2026, 1, 5, tzinfo=UTC)


def answer(*columns: tuple[str, str], rows: list[tuple[Any, ...]]) -> Answer:
    return Answer(list(columns), rows, is_cut=False, tables={})


@pytest.mark.parametrize(
    ("given", "cell"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1 works", "'-1 works"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"), ("\r=1", "'\r=1"), ("\n=1", "'\n=1"), ("\uff1d1", "'\uff1d1"),
        ("a=1", "a=1"), ("'=1", "'=1"), ("", ""), (None, ""), (-1, "-1"), (-1.5, "-1.5"),
        (Decimal(-2), "-2"), (True, "true"), ([1, "=a"], '[1, "=a"]'), ('a"b,c\n', 'a"b,c\n'),
        (date(2026, 1, 5), "2026-01-05"),
        (datetime(2026, 1, 5, tzinfo=UTC), "2026-01-05 00:00:00+00:00"),
    ],
)  # fmt: skip
def test_a_cell_of_csv_is_no_formula_and_a_number_stays_one(given: Any, cell: str) -> None:
    text = answers.as_csv(answer(("a", "text"), ("b", "text"), rows=[(given, "end")])).decode()

    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", "b"], [cell, "end"]]


def test_parquet_keeps_types_and_says_as_text_what_it_has_none_for() -> None:
    told = answers.as_parquet(
        answer(
            ("n", "bigint"), ("at", "timestamp with time zone"), ("sum", "numeric"),
            ("tags", "text[]"), ("n", "text"),
            rows=[(1, AT, Decimal("1.50"), ["=a"], "=a"), (None,) * 5],
        )
    )  # fmt: skip

    table = parquet.read_table(io.BytesIO(told))
    assert table.to_pylist() == [
        {"n": 1, "at": AT, "sum": "1.50", "tags": '["=a"]', "n_5": "=a"},
        {"n": None, "at": None, "sum": None, "tags": None, "n_5": None},
    ]  # fmt: skip


def test_an_answer_without_rows_has_its_columns() -> None:
    told = answers.as_parquet(answer(("n", "bigint"), rows=[]))

    assert parquet.read_table(io.BytesIO(told)).column_names == ["n"]
