"""A whole mart as a file, piece by piece: no more of it is in memory than a batch of rows."""

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Literal, get_args

from psycopg.errors import QueryCanceled
from psycopg.sql import SQL, Composable, Composed, Identifier
from psycopg.sql import Literal as Value

from gitinsight.errors import PermanentError
from warehouse import marts, visibility
from warehouse.engine import Connection, driver
from warehouse.selections import EVERYTHING, Selection
from warehouse.visibility import Readable

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["parquet", "csv", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
_Pieces = Generator[bytes, None, None]
_BATCH_ROWS = 5_000
_PIECE_BYTES = 64 * 1024
_ARROW = {
    "bigint": "int64", "integer": "int32", "smallint": "int16", "double precision": "float64",
    "real": "float32", "boolean": "bool_", "date": "date32", "text": "string",
    "timestamp with time zone": "timestamp",
}  # fmt: skip
"""PostgreSQL's types, and what Arrow calls them."""


_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for a formula where a cell begins with it; the last four are wide."""


class ExportTooLarge(PermanentError):
    http_status = 422

    def __init__(self, mart: str, limit: str) -> None:
        super().__init__(mart, limit)
        self.mart = mart
        self.limit = limit

    def __str__(self) -> str:
        return (
            f"{self.mart} does not fit into the {self.limit} of an export: ask for one repository,"
            " or write the file with `gitinsight export`"
        )


def pieces(
    connection: Connection, mart: str, format_: Format, *, repository_id: int | None = None,
    schema: str = marts.SCHEMA, readable: Readable = None, selection: Selection = EVERYTHING,
) -> _Pieces:  # fmt: skip
    """Rows in the order of the mart's key, of one repository or of all that may be seen; NotFound
    where there is no such mart, SelectionRefused where the ``selection`` is not one of it. Times
    are UTC, what is not known is null: in CSV nothing between two commas.
    """
    known = {one["name"]: one["type"] for one in marts.columns(connection, mart, schema=schema)}
    types = selection.columns(known)
    wanted = [
        SQL("({0} is null or repository_id = {0})").format(Value(repository_id)),
        visibility.condition(readable),
        *selection.conditions(connection, known, lambda _, value: Value(value)),
    ]
    key = marts.key(connection, mart, schema=schema)
    rows = _rows(Identifier(schema, mart), columns=types, wanted=wanted, key=key)
    if format_ == "csv":
        return _csv(connection, _as_cells(rows, types))
    if format_ == "json":
        return _json(connection, rows)
    return _parquet(
        connection, _told(rows, [one for one in types if types[one] not in _ARROW], types), types
    )


def bounded(
    connection: Connection, mart: str, format_: Format, *, repository_id: int | None,
    max_bytes: int, max_seconds: int, readable: Readable = None,
    selection: Selection = EVERYTHING,
) -> Iterator[bytes]:  # fmt: skip
    """The same for somebody whose disk and connections are ours: ExportTooLarge where it is more
    than that, or where PostgreSQL takes longer over a batch of it.
    """
    driver(connection).execute(
        SQL("set local statement_timeout = {}").format(Value(max_seconds * 1_000))
    )
    left = max_bytes
    try:
        made = pieces(
            connection, mart, format_, repository_id=repository_id, readable=readable,
            selection=selection,
        )  # fmt: skip
        with closing(made) as found:
            for piece in found:
                left -= len(piece)
                if left < 0:
                    raise ExportTooLarge(mart, f"{max_bytes} bytes")
                yield piece
    except QueryCanceled as error:
        raise ExportTooLarge(mart, f"{max_seconds} seconds") from error


def as_cell(text: str) -> str:
    """Text of a CSV that no spreadsheet runs: with a quote before what would be a formula."""
    return f"'{text}" if text.startswith(_RISKY) else text


def parquet_schema(types: Mapping[str, str]) -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415 - processes without exports do without

    return pa.schema([(name, _arrow(kind)) for name, kind in types.items()])


def _rows(
    mart: Identifier, *, columns: Iterable[str], wanted: Iterable[Composable], key: Iterable[str]
) -> Composed:
    return SQL("select {} from {} where {} order by {}").format(
        SQL(", ").join(map(Identifier, columns)), mart, SQL(" and ").join(wanted),
        SQL(", ").join(map(Identifier, key)),
    )  # fmt: skip


def _told(rows: Composed, texts: Collection[str], columns: Iterable[str]) -> Composed:
    """Some of the columns as PostgreSQL writes them: what a format has no type for."""
    told = (
        SQL("{0}::text as {0}" if one in texts else "{0}").format(Identifier(one))
        for one in columns
    )
    return SQL("select {} from ({}) as row").format(SQL(", ").join(told), rows)


def _as_cells(rows: Composed, types: Mapping[str, str]) -> Composed:
    """The same as `as_cell`, as PostgreSQL does it."""
    ways = {
        "boolean": "{0}::text as {0}",
        "text": "case when left({0}, 1) = any({1}) then {2} || {0} else {0} end as {0}",
    }
    told = (
        SQL(ways.get(kind, "{0}")).format(Identifier(name), Value(list(_RISKY)), Value("'"))
        for name, kind in types.items()
    )
    return SQL("select {} from ({}) as row").format(SQL(", ").join(told), rows)


def _csv(connection: Connection, rows: Composed) -> _Pieces:
    statement = SQL("copy ({}) to stdout (format csv, header)").format(rows)
    piece = bytearray()
    with driver(connection).cursor().copy(statement) as copy:
        for line in copy:
            piece += line
            if len(piece) >= _PIECE_BYTES:
                yield bytes(piece)
                piece.clear()
    yield bytes(piece)


def _json(connection: Connection, rows: Composed) -> _Pieces:
    """One array, a row a line."""
    separator = "[\n"
    with driver(connection).cursor(name="export") as cursor:
        cursor.execute(SQL("select row_to_json(row)::text from ({}) as row").format(rows))
        while batch := cursor.fetchmany(_BATCH_ROWS):
            yield (separator + ",\n".join(text for (text,) in batch)).encode()
            separator = ",\n"
    yield b"\n]\n" if separator == ",\n" else b"[]\n"


def _parquet(connection: Connection, rows: Composed, types: Mapping[str, str]) -> _Pieces:
    import pyarrow as pa  # noqa: PLC0415 - processes without exports do without
    from pyarrow import parquet  # noqa: PLC0415 - as above

    schema = parquet_schema(types)
    sink = _Sink()
    with (
        driver(connection).cursor(name="export") as cursor,
        parquet.ParquetWriter(pa.PythonFile(sink, mode="w"), schema) as writer,
    ):
        cursor.execute(rows)
        while batch := cursor.fetchmany(_BATCH_ROWS):
            values = [
                pa.array(column, field.type)
                for column, field in zip(zip(*batch, strict=True), schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(values, schema=schema))
            yield sink.taken()
    yield sink.taken()


def _arrow(kind: str) -> "pa.DataType":
    import pyarrow as pa  # noqa: PLC0415 - as above

    if kind == "timestamp with time zone":
        return pa.timestamp("us", "UTC")
    found: pa.DataType = getattr(pa, _ARROW.get(kind, "string"))()
    return found


class _Sink:
    """A file that gives away what was written to it."""

    closed = False

    def __init__(self) -> None:
        self._held = bytearray()
        self._before = 0

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def tell(self) -> int:
        return self._before + len(self._held)

    def flush(self) -> None:
        """Nothing is on its way."""

    def close(self) -> None:
        self.closed = True

    def taken(self) -> bytes:
        found = bytes(self._held)
        self._before += len(found)
        self._held.clear()
        return found
