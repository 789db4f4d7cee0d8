"""A whole mart as a file, piece by piece: no more of it is in memory than a batch of rows."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, get_args

from psycopg.sql import SQL, Composed, Identifier
from psycopg.sql import Literal as Value

from gitinsight.errors import NotFound
from warehouse import marts, publish
from warehouse.engine import Connection, driver

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["parquet", "csv", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
_BATCH_ROWS = 5_000
_PIECE_BYTES = 64 * 1024
_ARROW = {
    "bigint": "int64", "integer": "int32", "smallint": "int16", "double precision": "float64",
    "real": "float32", "boolean": "bool_", "date": "date32", "text": "string",
    "timestamp with time zone": "timestamp",
}  # fmt: skip
"""PostgreSQL's types, and what Arrow calls them."""


def pieces(
    connection: Connection, mart: str, format_: Format, *, repository_id: int | None = None
) -> Iterator[bytes]:
    """Rows in the order of the mart's key, of one repository or of all; NotFound where there is no
    such mart. Times are UTC, what is not known is null: in CSV nothing between two commas.
    """
    if mart not in publish.published(connection):
        raise NotFound(f"mart {mart}")
    types = {one["name"]: one["type"] for one in marts.columns(connection, mart)}
    rows = _rows(connection, mart, repository_id)
    if format_ == "csv":
        return _csv(
            connection, _told(rows, [one for one in types if types[one] == "boolean"], types)
        )
    if format_ == "json":
        return _json(connection, rows)
    return _parquet(
        connection, _told(rows, [one for one in types if types[one] not in _ARROW], types), types
    )


def _rows(connection: Connection, mart: str, repository_id: int | None) -> Composed:
    key = SQL(", ").join(map(Identifier, marts.key(connection, mart)))
    return SQL("select * from {} where {} is null or repository_id = {} order by {}").format(
        Identifier("marts", mart), Value(repository_id), Value(repository_id), key
    )


def _told(rows: Composed, texts: Collection[str], columns: Iterable[str]) -> Composed:
    """Some of the columns as PostgreSQL writes them: what a format has no type for."""
    told = (
        SQL("{0}::text as {0}" if one in texts else "{0}").format(Identifier(one))
        for one in columns
    )
    return SQL("select {} from ({}) as row").format(SQL(", ").join(told), rows)


def _csv(connection: Connection, rows: Composed) -> Iterator[bytes]:
    statement = SQL("copy ({}) to stdout (format csv, header)").format(rows)
    piece = bytearray()
    with driver(connection).cursor().copy(statement) as copy:
        for line in copy:
            piece += line
            if len(piece) >= _PIECE_BYTES:
                yield bytes(piece)
                piece.clear()
    yield bytes(piece)


def _json(connection: Connection, rows: Composed) -> Iterator[bytes]:
    """One array, a row a line."""
    separator = "[\n"
    with driver(connection).cursor(name="export") as cursor:
        cursor.execute(SQL("select row_to_json(row)::text from ({}) as row").format(rows))
        while batch := cursor.fetchmany(_BATCH_ROWS):
            yield (separator + ",\n".join(text for (text,) in batch)).encode()
            separator = ",\n"
    yield b"\n]\n" if separator == ",\n" else b"[]\n"


def _parquet(connection: Connection, rows: Composed, types: Mapping[str, str]) -> Iterator[bytes]:
    import pyarrow as pa  # noqa: PLC0415 - processes without exports do without
    from pyarrow import parquet  # noqa: PLC0415 - as above

    schema = pa.schema([(name, _arrow(kind)) for name, kind in types.items()])
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
