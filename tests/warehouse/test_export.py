"""A whole mart as a file: every row as it is, in its order, in little memory."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import psutil
import pyarrow as pa
import pytest
from pyarrow import parquet

from gitinsight.errors import NotFound
from tests.support.marts import make
from warehouse import export
from warehouse.engine import Connection, Engine
from warehouse.selections import EVERYTHING, Selection, SelectionRefused, parse

COLUMNS = """
    repository_id bigint, day date, seen_at timestamptz, commits_count integer, hours float,
    is_open boolean, title text, kinds jsonb, total numeric, primary key (repository_id, day)
"""
AT = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
FULL = (1, "2026-06-01", AT, 3, 2.5, True, 'a "b",\nc\\', '{"closed": 2}', 10)
EMPTY = (2, "2026-06-01", None, None, None, None, None, None, None)
LATER = (1, "2026-06-02", AT, 0, 0.0, False, "", "{}", 0)
_BIG_ROWS = 300_000
_LITTLE_BYTES = 48 * 2**20


@pytest.fixture
def filled(warehouse: Engine) -> Engine:
    with warehouse.begin() as connection:
        make(connection, "marts.things", COLUMNS, EMPTY, LATER, FULL)
        make(connection, "marts.nothing", COLUMNS)
    return warehouse


def whole(
    warehouse: Engine, format_: export.Format, *, mart: str = "things",
    repository_id: int | None = None, selection: Selection = EVERYTHING,
) -> bytes:  # fmt: skip
    with warehouse.connect() as connection:
        return b"".join(
            export.pieces(
                connection, mart, format_, repository_id=repository_id, selection=selection
            )
        )


def test_csv_is_what_postgresql_writes(filled: Engine) -> None:
    assert whole(filled, "csv").decode() == (
        "repository_id,day,seen_at,commits_count,hours,is_open,title,kinds,total\n"
        '1,2026-06-01,2026-06-01 12:30:00+00,3,2.5,true,"a ""b"",\nc\\","{""closed"": 2}",10\n'
        '1,2026-06-02,2026-06-01 12:30:00+00,0,0,false,"",{},0\n'
        "2,2026-06-01,,,,,,,\n"
    )


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_a_title_that_a_spreadsheet_would_run_is_text_in_csv_alone(
    filled: Engine, sign: str
) -> None:
    """Titles are written by strangers, and files are opened with a double click."""
    title = f"{sign}cmd|'/c calc'!A1"
    with filled.begin() as connection:
        connection.exec_driver_sql(
            "update marts.things set title = %s, total = -10, kinds = to_jsonb(%s::text)"
            " where repository_id = 1",
            (title, title),
        )

    text = whole(filled, "csv").decode()
    found = next(csv.DictReader(io.StringIO(text, newline="")))
    assert (found["title"], found["total"]) == (f"'{title}", "-10")
    assert found["kinds"].startswith('"')
    assert json.loads(whole(filled, "json"))[0]["title"] == title
    table = parquet.read_table(io.BytesIO(whole(filled, "parquet")))
    assert table.column("title").to_pylist()[0] == title


def test_json_is_one_array(filled: Engine) -> None:
    found = json.loads(whole(filled, "json"))

    assert [(one["repository_id"], one["day"]) for one in found] == [
        (1, "2026-06-01"), (1, "2026-06-02"), (2, "2026-06-01"),
    ]  # fmt: skip
    assert found[0]["title"] == 'a "b",\nc\\'
    assert found[0]["kinds"] == {"closed": 2}
    assert found[2]["hours"] is None


def test_parquet_keeps_types_and_what_is_unknown(filled: Engine) -> None:
    table = parquet.read_table(io.BytesIO(whole(filled, "parquet")))

    first, _, last = table.to_pylist()
    assert first == {
        "repository_id": 1, "day": date(2026, 6, 1), "seen_at": AT, "commits_count": 3,
        "hours": 2.5, "is_open": True, "title": 'a "b",\nc\\', "kinds": '{"closed": 2}',
        "total": "10",
    }  # fmt: skip
    assert set(last.values()) == {2, date(2026, 6, 1), None}
    assert table.schema.field("seen_at").type == pa.timestamp("us", "UTC")


@pytest.mark.parametrize("format_", export.FORMATS)
def test_of_one_repository_there_are_its_rows_alone(filled: Engine, format_: Any) -> None:
    every, one = (whole(filled, format_, repository_id=number) for number in (None, 2))

    assert rows(one, format_) == rows(every, format_)[2:]


@pytest.mark.parametrize("format_", export.FORMATS)
def test_of_a_selection_there_are_its_rows_and_columns_alone(filled: Engine, format_: Any) -> None:
    selection = parse(["day:ge:2026-06-01", 'title:eq:a "b",\nc\\'], "total,title,is_open")

    (found,) = rows(whole(filled, format_, selection=selection), format_)

    assert list(found) == ["is_open", "title", "total"]
    assert found["title"] == 'a "b",\nc\\'
    assert str(found["is_open"]).lower() == "true"


@pytest.mark.parametrize("format_", export.FORMATS)
@pytest.mark.parametrize(
    "filters",
    [["title:eq:' or true --"], ["title:eq:\\' or true --"], ["title:in:x','a,%s,{}"],
     ["title:ge:%(repository_id)s", "repository_id:in:9,8"]],
    ids=str,
)  # fmt: skip
def test_a_value_is_never_part_of_the_statement(
    filled: Engine, format_: Any, filters: list[str]
) -> None:
    assert rows(whole(filled, format_, selection=parse(filters)), format_) == []


@pytest.mark.parametrize("format_", export.FORMATS)
def test_a_selection_that_is_none_of_the_mart_is_refused(filled: Engine, format_: Any) -> None:
    for selection in (parse(["day:eq:x"]), parse(["x:eq:1"]), parse(fields="x")):
        with pytest.raises(SelectionRefused):
            whole(filled, format_, selection=selection)


@pytest.mark.parametrize("format_", export.FORMATS)
def test_an_empty_mart_is_an_empty_file_of_its_kind(filled: Engine, format_: Any) -> None:
    assert rows(whole(filled, format_, mart="nothing"), format_) == []


def rows(file: bytes, format_: export.Format) -> list[dict[str, Any]]:
    if format_ == "json":
        found: list[dict[str, Any]] = json.loads(file)
        return found
    if format_ == "csv":
        return list(csv.DictReader(io.StringIO(file.decode())))
    listed: list[dict[str, Any]] = parquet.read_table(io.BytesIO(file)).to_pylist()
    return listed


@pytest.mark.parametrize("name", ["none", "things; drop table ops.jobs", "../ops/jobs"])
def test_a_mart_that_is_not_there_is_not_found(filled: Engine, name: str) -> None:
    with filled.connect() as connection, pytest.raises(NotFound, match="mart"):
        export.pieces(connection, name, "csv")


@pytest.mark.parametrize("format_", export.FORMATS)
def test_what_is_beyond_its_bounds_is_refused_and_the_connection_goes_on(
    filled: Engine, format_: Any
) -> None:
    size = len(whole(filled, format_))
    with filled.connect() as connection:
        assert b"".join(_bounded(connection, format_, max_bytes=size)) == whole(filled, format_)
        with pytest.raises(export.ExportTooLarge, match=f"fit into the {size - 1} bytes"):
            list(_bounded(connection, format_, max_bytes=size - 1))

        assert connection.exec_driver_sql("select 1").scalar() == 1


@pytest.mark.parametrize("format_", export.FORMATS)
def test_what_takes_too_long_is_refused(filled: Engine, format_: Any) -> None:
    with filled.begin() as other, filled.connect() as connection:
        other.exec_driver_sql("lock table marts.things in access exclusive mode")

        with pytest.raises(export.ExportTooLarge, match="fit into the 1 seconds"):
            list(_bounded(connection, format_, max_seconds=1))


def _bounded(
    connection: Connection, format_: export.Format, *, max_bytes: int = 2**20, max_seconds: int = 9
) -> Iterator[bytes]:
    return export.bounded(
        connection, "things", format_, repository_id=None, max_bytes=max_bytes,
        max_seconds=max_seconds,
    )  # fmt: skip


@pytest.mark.parametrize("format_", export.FORMATS)
def test_a_large_mart_needs_little_memory(filled: Engine, format_: Any) -> None:
    with filled.begin() as connection:
        connection.exec_driver_sql(
            "insert into marts.nothing select number, '2026-06-01', now(), number, number / 7.0,"
            " true, repeat(md5(number::text), 8), null, null"
            f" from generate_series(1, {_BIG_ROWS}) as number"
        )
    whole(filled, format_)  # what it imports is not what it holds
    process = psutil.Process()
    before = process.memory_info().rss
    largest = size = 0
    with filled.connect() as connection:
        for piece in export.pieces(connection, "nothing", format_):
            size += len(piece)
            largest = max(largest, process.memory_info().rss)

    assert size > 1.9 * _LITTLE_BYTES or format_ == "parquet"
    assert largest - before < _LITTLE_BYTES
