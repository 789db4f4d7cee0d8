"""The marts as they are: which there are, their columns, their rows."""

from collections.abc import Iterator, Mapping
from tempfile import TemporaryFile
from typing import IO, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from api import paging
from api.auth import Reader, require
from api.envelope import CONDITIONAL, PagedEnvelope, conditional, meta, version
from api.session import Session
from gitinsight.metrics.catalogue import definition_of, definition_of_column
from gitinsight.principal import Role
from gitinsight.settings import ApiSettings
from warehouse import export, ledger, marts, visibility
from warehouse.engine import Connection
from warehouse.visibility import Readable

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
def several(session: Session, _: Reader) -> dict[str, Any]:
    """Every mart and what it is for."""
    return {"data": marts.names(session)}


@router.get("/{mart}", response_model=Columns)
def one(mart: str, session: Session, _: Reader) -> dict[str, Any]:
    """The columns of a mart and what each means."""
    columns = [
        one | {"definition": definition_of_column(mart, one["name"])}
        for one in marts.columns(session, mart)
    ]
    return {"name": mart, "columns": columns}


@router.get(
    "/{mart}/rows", response_model=PagedEnvelope[dict[str, Any]], responses=CONDITIONAL | _FILES
)
def rows(
    mart: str, request: Request, session: Session, reader: Reader,
    repository_id: int | None = None, limit: paging.Limit = 50, cursor: paging.Cursor = None,
    format_: Annotated[
        export.Format,
        Query(alias="format", description="csv and parquet are all rows, up to a bound."),
    ] = "json",
) -> Response:  # fmt: skip
    """Rows in the order of the mart's key, of one repository or of all."""
    if format_ == "json":
        return page(
            request, session, mart, repository_id=repository_id, limit=limit, cursor=cursor,
            readable=reader.readable,
        )  # fmt: skip
    require(reader, Role.ANALYST, "export")
    bounds: ApiSettings = request.app.state.settings.api
    pieces = export.bounded(
        session, mart, format_, repository_id=repository_id, max_bytes=bounds.export_bytes,
        max_seconds=bounds.export_seconds, readable=reader.readable,
    )  # fmt: skip
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it
    try:
        # The connection is somebody else's again before a slow reader has read the first line.
        file.writelines(pieces)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    headers = {
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="{mart}.{format_}"',
    }
    return StreamingResponse(_read(file), media_type=_TYPES[format_], headers=headers)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


def page(
    request: Request, session: Connection, mart: str, *, repository_id: int | None, limit: int,
    cursor: str | None, readable: Readable, only: Mapping[str, str] | None = None,
    definition: str | None = None,
) -> Response:  # fmt: skip
    """Rows with these values alone; ``definition`` where the mart is not called like its metric."""
    after = paging.decode(cursor)
    if repository_id is not None and readable is not None:
        visibility.check(session, repository_id, readable)
    try:
        found = marts.rows(
            session,
            mart,
            repository_id=repository_id,
            limit=limit,
            after=after,
            only=only,
            readable=readable,
        )
    except ValueError as error:
        raise paging.invalid() from error
    state = str(ledger.publications_total(session))
    about = None
    if repository_id is not None:
        standing = ledger.standing(session, repository_id)
        about = meta(standing, definition=definition or definition_of(mart))
        state = f"{state} {version(standing)}"
    body = {
        "data": found.rows,
        "meta": about,
        "next_cursor": paging.encode(*found.end) if found.end else None,
    }
    return conditional(request, body, version=state)
