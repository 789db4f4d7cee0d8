"""The routes of the fast lane, for requests that the lane does not take."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from api import codings
from api.auth import Reader
from api.envelope import CONDITIONAL, Envelope, address, held
from api.fast import heads
from api.fast.entries import Entry
from api.fast.fast import Fast
from api.fast.searching import Wanted
from gitinsight.errors import NotFound
from warehouse.search import Kind

router = APIRouter(prefix="/fast", tags=["fast"])
Ours = Annotated[int, Query(ge=1, lt=2**63)]


@router.get(
    "/repositories/{repository_id}/summary", response_model=Envelope[dict[str, Any]],
    responses=CONDITIONAL,
)  # fmt: skip
async def summary(repository_id: int, request: Request, reader: Reader) -> Response:
    """The row of ``marts.repository_summary``, kept ready: at most a second older than what was
    published last.
    """
    fast: Fast = request.state.fast
    readable = reader.readable
    try:
        entry = await fast.summaries.get(repository_id)
    except NotFound as error:
        # What is missing of one that may not be seen would tell that it is there.
        raise error if readable is None else _unseen(repository_id) from error
    if entry.is_private and readable is not None and repository_id not in readable:
        raise _unseen(repository_id)
    return found(request, entry)


EXAMPLE: dict[str, Any] = {
    "kind": "issue", "repository_id": 3, "title": "Parser crashes on empty input",
    "owner": "octocat", "labels": ["bug"], "number": 1347, "language": None,
    "state": "open", "url": "https://github.com/octocat/hello-world/issues/1347",
    "updated_at": "2026-11-23T12:00:00Z", "text": "An empty file is enough.",
}  # fmt: skip


class Hit(BaseModel):
    """``number`` is that of the issue or pull request that it is or is on; what a thing of its kind
    does not have is null.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    kind: Kind
    repository_id: int
    title: str | None
    owner: str | None
    labels: list[str]
    number: int | None
    language: str | None
    state: str | None
    url: str | None
    updated_at: datetime | None
    text: str | None


class Hits(BaseModel):
    """The best first."""

    data: list[Hit]


@router.get("/search", response_model=Hits, responses=CONDITIONAL)
async def search(
    request: Request, reader: Reader, q: Annotated[str, Query(min_length=1, max_length=200)],
    type_: Annotated[Kind | None, Query(alias="type")] = None, repository_id: Ours | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:  # fmt: skip
    """What `GET /search` finds by words, as it is stored: ready to be sent, nothing marked."""
    wanted = Wanted(q, kind=type_, repository_id=repository_id, limit=limit)
    return found(request, await looked_for(request, wanted, reader.readable))


async def looked_for(
    request: Request, wanted: Wanted, readable: frozenset[int] | None
) -> Entry:  # fmt: skip
    """One search answers however many ask for the same, word for word."""
    fast: Fast = request.state.fast
    return await fast.searches.get(address(request), wanted, readable=readable)


def _unseen(repository_id: int) -> NotFound:
    return NotFound(f"summary of repository {repository_id}")


def found(request: Request, entry: Entry) -> Response:
    """As the lane answers."""
    takes_gzip = codings.wanted(request.scope, heads.CODINGS) is not None
    form = entry.form(held(request), takes_gzip=takes_gzip)
    return Response(entry.body_in(form), status_code=form.status, headers=entry.headers(form))
