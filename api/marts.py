"""The marts as they are: which there are, their columns, their rows."""

from collections.abc import Mapping, Sequence
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Annotated, Any

from anyio import CapacityLimiter
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Receive, Scope, Send

from api import paging
from api.auth import Reader, require
from api.envelope import (
    CONDITIONAL,
    PagedEnvelope,
    answer,
    conditional,
    conditions,
    is_held,
    meta,
    tag,
    version,
)
from api.session import Session, in_transaction, read
from gitinsight.metrics.catalogue import definition_of, definition_of_column
from gitinsight.principal import Role
from gitinsight.settings import ApiSettings
from warehouse import export, ledger, marts, selections
from warehouse.engine import Connection
from warehouse.ledger import Standing
from warehouse.selections import EVERYTHING, Selection
from warehouse.shapes import Shapes
from warehouse.visibility import Readable

AT_ONCE = 2
"""Files that are made, each on a connection of its own: beside the statements of `api/sql.py` there
are some left for whoever reads.
"""
_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_PIECE_BYTES = 64 * 1024
_FILES: dict[int | str, dict[str, Any]] = {
    200: CONDITIONAL[200]
    | {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
        }
    }
}
Filters = Annotated[
    list[Annotated[str, Field(max_length=2_000)]] | None,
    Query(
        alias="filter",
        max_length=selections.MOST,
        examples=[["commits_count:ge:10"]],
        description="`COLUMN:OPERATOR:VALUE`, up to 16 of them; rows pass all. Operators: `eq`,"
        " `ne`, `lt`, `le`, `gt`, `ge`, `in` (values with commas between them) and `is` (`null` or"
        " `not_null`). Null passes no comparison. Columns of JSON are not compared. A cursor goes"
        " on where a page ended, whatever the filter: give the same one with it.",
    ),
]
Fields = Annotated[
    str | None,
    Query(
        examples=["repository_id,day,commits_count"],
        description="Only these columns, with commas between them, in the order of the mart.",
    ),
]
router = APIRouter(prefix="/marts", tags=["marts"])


class Mart(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "daily_activity", "description": "What happened on each day."}]
        }
    )

    name: str
    description: str | None


class Marts(BaseModel):
    data: list[Mart]


class Column(BaseModel):
    """``definition`` is that of the metric which it holds."""

    name: str
    type: str
    nullable: bool
    description: str | None
    definition: str | None


class Columns(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "daily_activity",
                    "columns": [
                        {
                            "name": "commits_count", "type": "bigint", "nullable": True,
                            "description": "Commits that landed on the day, without merges.",
                            "definition": "commits@1",
                        }
                    ],
                }
            ]
        }
    )  # fmt: skip

    name: str
    columns: list[Column]


@router.get("", response_model=Marts)
def several(_: Reader, session: Session) -> dict[str, Any]:
    """Every mart and what it is for."""
    return {"data": marts.names(session)}


@router.get("/{mart}", response_model=Columns)
def one(mart: str, _: Reader, session: Session) -> dict[str, Any]:
    """The columns of a mart and what each means."""
    columns = [
        one | {"definition": definition_of_column(mart, one["name"])}
        for one in marts.columns(session, mart)
    ]
    return {"name": mart, "columns": columns}


@router.get(
    "/{mart}/rows", response_model=PagedEnvelope[dict[str, Any]], responses=CONDITIONAL | _FILES
)
async def rows(
    mart: str, request: Request, reader: Reader,
    repository_id: int | None = None, filter_: Filters = None, fields: Fields = None,
    limit: paging.Limit = 50, cursor: paging.Cursor = None,
    format_: Annotated[
        export.Format,
        Query(alias="format", description="csv and parquet are all rows, up to a bound."),
    ] = "json",
) -> Response:  # fmt: skip
    """Rows in the order of the mart's key, of one repository or of all: those that pass every
    filter, with the columns that are wanted.
    """
    selection = selections.parse(filter_ or (), fields)
    if format_ != "json":
        require(reader, Role.ANALYST, "export")
        return await _file(request, mart, format_, repository_id, reader.readable, selection)
    if repository_id is not None:
        return await page(
            request, mart, repository_id, reader.readable, limit=limit, cursor=cursor,
            selection=selection,
        )  # fmt: skip
    after = paging.decode(cursor)

    def of_all(session: Connection, shapes: Shapes) -> Response:
        return conditional(
            request,
            lambda: _rows(
                session, shapes, mart, repository_id=None, limit=limit, after=after,
                readable=reader.readable, selection=selection,
            ) | {"meta": None},
            version=ledger.version_of_all(session, reader.readable),
        )  # fmt: skip

    return await read(request, of_all)


async def page(
    request: Request, mart: str, repository_id: int, readable: Readable, *, limit: int,
    cursor: str | None, only: Mapping[str, str] | None = None, definition: str | None = None,
    selection: Selection = EVERYTHING,
) -> Response:  # fmt: skip
    """Rows with these values alone; ``definition`` where the mart is not called like its metric."""
    after = paging.decode(cursor)

    def body(session: Connection, shapes: Shapes, standing: Standing) -> dict[str, Any]:
        about = meta(standing, definition=definition or definition_of(mart))
        return _rows(
            session, shapes, mart, repository_id=repository_id, limit=limit, after=after,
            readable=readable, only=only, selection=selection,
        ) | {"meta": about}  # fmt: skip

    return await answer(request, repository_id, readable, body)


def _rows(
    session: Connection, shapes: Shapes, mart: str, *, repository_id: int | None, limit: int,
    after: Sequence[str], readable: Readable, only: Mapping[str, str] | None = None,
    selection: Selection,
) -> dict[str, Any]:  # fmt: skip
    shape = shapes.of(session, mart)
    try:
        found = marts.rows(
            session, mart, repository_id=repository_id, limit=limit, after=after, only=only,
            readable=readable, shape=shape, selection=selection,
        )  # fmt: skip
    except ValueError as error:
        raise paging.invalid() from error
    return {
        "data": found.rows,
        "next_cursor": paging.following(found.end),
    }


async def _file(
    request: Request, mart: str, format_: export.Format, repository_id: int | None,
    readable: Readable, selection: Selection,
) -> Response:  # fmt: skip
    bounds: ApiSettings = request.app.state.settings.api

    def as_of_now(session: Connection, shapes: Shapes) -> str:
        shapes.of(session, mart)  # of one that is not there nobody holds a version
        if repository_id is None:
            return ledger.version_of_all(session, readable)
        return version(ledger.one(session, repository_id, readable).standing)

    def written(session: Connection) -> IO[bytes]:
        """The connection is somebody else's again before a slow reader has read the first line."""
        pieces = export.bounded(
            session, mart, format_, repository_id=repository_id, max_bytes=bounds.export_bytes,
            max_seconds=bounds.export_seconds, readable=readable, selection=selection,
        )  # fmt: skip
        file = TemporaryFile()  # noqa: SIM115 - the download closes it
        try:
            file.writelines(pieces)
        except BaseException:
            file.close()
            raise
        return file

    etag = tag(request, await read(request, as_of_now))
    if is_held(request, etag):
        return Response(status_code=304, headers=conditions(etag))
    turns: CapacityLimiter = request.app.state.export_turns
    async with turns:
        file = await in_transaction(request, written)
    size = file.tell()
    file.seek(0)
    headers = {
        **conditions(etag),
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="{mart}.{format_}"',
    }
    return _Download(file, media_type=_TYPES[format_], headers=headers)


class _Download(StreamingResponse):
    """Closes the file also where nobody reads it: whoever is gone before it is there never begins,
    and what has not begun does not end either.
    """

    def __init__(self, file: IO[bytes], *, media_type: str, headers: Mapping[str, str]) -> None:
        pieces = iter(partial(file.read, _PIECE_BYTES), b"")
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await super().__call__(scope, receive, send)
