"""What an analyst's statement answered, as a file."""

import csv
import json
from collections.abc import Iterable
from io import BytesIO, StringIO
from typing import Any

from warehouse.analyst import Answer
from warehouse.export import as_cell, parquet_schema


def as_csv(answer: Answer) -> bytes:
    """With a header; times are UTC, what is not known is nothing between two commas."""
    text = StringIO()
    writer = csv.writer(text)  # its own ends of lines: with others it lets a lone return through
    writer.writerow(as_cell(name) for name, _ in answer.columns)
    writer.writerows(map(_cells, answer.rows))
    return text.getvalue().encode()


def as_parquet(answer: Answer) -> bytes:
    """Columns that are called the same are told apart by their place, as the format asks."""
    import pyarrow as pa  # noqa: PLC0415 - processes without exports do without
    from pyarrow import parquet  # noqa: PLC0415 - as above

    schema = parquet_schema(_apart(answer.columns))
    columns = zip(*answer.rows, strict=True) if answer.rows else [()] * len(schema)
    values = [
        pa.array(_texts(column) if pa.types.is_string(field.type) else column, field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    sink = BytesIO()
    parquet.write_table(pa.table(values, schema=schema), sink)
    return sink.getvalue()


def _cells(row: tuple[Any, ...]) -> list[str]:
    return [as_cell(value) if isinstance(value, str) else _text(value) or "" for value in row]


def _texts(column: Iterable[Any]) -> list[str | None]:
    return [_text(value) for value in column]


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)


def _apart(columns: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, (name, kind) in enumerate(columns, 1):
        found[f"{name}_{place}" if name in found else name] = kind
    return found
