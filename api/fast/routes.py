"""The routes of the fast lane, for requests that the lane does not take."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from api.auth import Reader
from api.envelope import CONDITIONAL, Envelope, as_json
from api.fast import heads, meaning
from api.fast.entries import JSON, Entry
from api.fast.fast import Fast
from api.fast.meaning import Meaning, Mode
from api.fast.searches import PATH
from api.fast.searching import Wanted
from api.session import in_transaction
from gitinsight.errors import NotFound
from warehouse.engine import Connection
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
    return _answer(request, entry)


class Found(BaseModel):
    """``highlights`` are HTML of the parts that matched, by field, with `<mark>` around them.
    ``number`` is that of the issue or pull request that it is or is on; what a thing of its kind
    does not have is null.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "issue", "repository_id": 3, "title": "Parser crashes on empty input",
                    "owner": "octocat", "labels": ["bug"], "number": 1347, "language": None,
                    "state": "open", "url": "https://github.com/octocat/hello-world/issues/1347",
                    "updated_at": "2026-11-23T12:00:00Z", "text": "An empty file is enough.",
                    "highlights": {"title": "<mark>Parser</mark> crashes on empty input"},
                }
            ]
        }
    )  # fmt: skip

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
    highlights: dict[str, str]
    similarity: float | None = None
    """Of what it means to what was asked, where it was looked for by meaning; 1 is the same."""


class Meant(BaseModel):
    """What says what texts mean, and of how many of those that may be found it is known."""

    model: str
    texts_count: int
    known_count: int


class Modes(BaseModel):
    data: list[Mode]


class Hits(BaseModel):
    """The best first; ``meta`` where it was looked for by meaning."""

    data: list[Found]
    meta: Meant | None = None


@router.get("/search", response_model=Hits, responses=CONDITIONAL)
async def search(
    request: Request, reader: Reader, q: Annotated[str, Query(min_length=1, max_length=200)],
    type_: Annotated[Kind | None, Query(alias="type")] = None, repository_id: Ours | None = None,
    language: str | None = None, state: str | None = None, author: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20, mode: Mode = "words",
) -> Response:  # fmt: skip
    """Repositories, issues, pull requests, comments and people by any words of them, the last of
    which may be begun; where that finds too little, by words that are nearly these.

    With `mode=meaning` issues and pull requests that mean what is asked, whatever their words, and
    with `mode=hybrid` those that either finds, in one order.
    """
    fast: Fast = request.state.fast
    query: bytes = request.scope["query_string"]
    wanted = Wanted(
        q, kind=type_, repository_id=repository_id, language=language, state=state, author=author,
        limit=limit,
    )  # fmt: skip
    if mode != "words":
        return await _by_meaning(request, wanted, reader.readable, is_hybrid=mode == "hybrid")
    return _answer(
        request, await fast.searches.get(PATH + b"?" + query, wanted, readable=reader.readable)
    )


@router.get("/search/modes", response_model=Modes)
def modes(request: Request, _: Reader) -> dict[str, list[Mode]]:
    """What `GET /fast/search` answers here: by meaning only where the weights of its model are."""
    known: Meaning = request.app.state.meaning
    return {"data": ["words", "meaning", "hybrid"] if known.is_here() else ["words"]}


async def _by_meaning(
    request: Request, wanted: Wanted, readable: frozenset[int] | None, *, is_hybrid: bool
) -> Response:
    where = meaning.among(wanted, readable)
    vector = await request.app.state.meaning.vector(wanted.q)
    limit = meaning.CANDIDATES if is_hybrid else wanted.limit

    def look(session: Connection) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        return meaning.near(session, vector, where, limit=limit), meaning.coverage(session, where)

    hits, told = await in_transaction(request, look)
    if is_hybrid:
        fast: Fast = request.state.fast
        words = await meaning.by_words(fast.searches, wanted, readable)
        hits = meaning.together([hits, words], limit=wanted.limit)
    return Response(as_json({"data": hits, "meta": told}), media_type=JSON)


def _unseen(repository_id: int) -> NotFound:
    return NotFound(f"summary of repository {repository_id}")


def _answer(request: Request, entry: Entry) -> Response:
    held = heads.held(request.headers.get("if-none-match", ""))
    if entry.etag in held or "*" in held:
        return Response(status_code=304, headers=entry.headers)
    body, headers = entry.body, entry.headers
    if entry.compressed and heads.takes_gzip(request.headers.get("accept-encoding", "")):
        body, headers = entry.compressed, {**headers, "content-encoding": "gzip"}
    return Response(body, headers=headers, media_type=JSON)
