"""The marts as they are: which there are, their columns, their rows."""

from typing import Any

from fastapi import APIRouter, Request, Response

from api import paging
from api.auth import Reader
from api.envelope import Envelope, conditional, meta
from api.session import Session
from warehouse import ledger, marts

router = APIRouter(prefix="/marts", tags=["marts"])


@router.get("")
def several(session: Session, _: Reader) -> dict[str, Any]:
    return {"data": marts.names(session)}


@router.get("/{mart}")
def one(mart: str, session: Session, _: Reader) -> dict[str, Any]:
    return {"name": mart, "columns": marts.columns(session, mart)}


@router.get("/{mart}/rows", response_model=Envelope)
def rows(
    mart: str, request: Request, session: Session, _: Reader,
    repository_id: int | None = None, limit: paging.Limit = 50, cursor: str | None = None,
) -> Response:  # fmt: skip
    offset = paging.decode(cursor)
    found = marts.rows(session, mart, repository_id=repository_id, limit=limit + 1, offset=offset)
    about = None
    version = str(ledger.publications_total(session))
    if repository_id is not None:
        standing = ledger.standing(session, repository_id)
        about = meta(standing, definition=f"{mart.replace('_', '-')}@1")
        version = repr((version, standing.coverage, standing.quality_status))
    body = {
        "data": found[:limit],
        "meta": about,
        "next_cursor": paging.encode(offset + limit) if len(found) > limit else None,
    }
    return conditional(request, body, version=version)
