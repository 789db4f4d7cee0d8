"""Everything that is known, found by words, by meaning, or by both."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from api import meaning
from api.auth import Reader
from api.envelope import CONDITIONAL, as_json
from api.fast.entries import JSON
from api.fast.fast import Fast
from api.fast.routes import EXAMPLE, Hit, found, looked_for
from api.fast.searching import Wanted
from api.meaning import Meaning, Mode
from api.session import in_transaction
from warehouse.engine import Connection
from warehouse.search import Kind

router = APIRouter(prefix="/search", tags=["search"])
Word = Annotated[str, Field(max_length=200)]
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _begins_with_its_day(said: object) -> object:
    """A number would be seconds since 1970, and 2026 half an hour of it."""
    if isinstance(said, str) and not _DAY.match(said):
        raise ValueError("an instant is written as 2026-11-23 or 2026-11-23T12:00:00Z")
    return said


Instant = Annotated[
    datetime, BeforeValidator(_begins_with_its_day),
    AfterValidator(lambda at: at if at.tzinfo else at.replace(tzinfo=UTC)),
]  # fmt: skip


class Search(BaseModel):
    """What is null lets everything pass."""

    q: Annotated[str, Field(min_length=1, max_length=200)]
    type: Kind | None = None
    repository_id: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    language: Word | None = None
    state: Word | None = None
    author: Word | None = None
    label: Annotated[
        Word | None, Field(description="Of an issue or pull request; a topic of a repository.")
    ] = None
    since: Annotated[Instant | None, Field(description="Changed last then, or later.")] = None
    until: Annotated[Instant | None, Field(description="Changed last before then.")] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    mode: Mode = "words"


class Found(Hit):
    """``highlights`` are HTML of the parts that matched, by field, with `<mark>` around them;
    ``similarity`` is how near it is, where it was looked for by meaning: 1 means the same.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                EXAMPLE | {"highlights": {"title": "<mark>Parser</mark> crashes on empty input"}}
            ]
        }
    )

    highlights: dict[str, str]
    similarity: float | None = None


class Meant(BaseModel):
    """What says what texts mean, and of how many of those that may be found it is known."""

    model: str
    texts_count: int
    known_count: int


class Modes(BaseModel):
    data: list[Mode]


class Searched(BaseModel):
    """The best first; ``meta`` where it was looked for by meaning."""

    data: list[Found]
    meta: Meant | None = None


@router.get("", response_model=Searched, responses=CONDITIONAL)
async def search(request: Request, reader: Reader, asked: Annotated[Search, Query()]) -> Response:
    """Repositories, issues, pull requests, comments and people by any words of them, the last of
    which may be begun; where that finds too little, by words that are nearly these. All filters
    hold together; a time without a zone is in UTC.

    With `mode=meaning` issues and pull requests that mean what is asked, whatever their words, and
    with `mode=hybrid` those that either finds, in one order.
    """
    wanted = Wanted(
        asked.q, kind=asked.type, is_marked=True,
        **asked.model_dump(exclude={"q", "type", "mode"}),
    )  # fmt: skip
    if asked.mode != "words":
        is_hybrid = asked.mode == "hybrid"
        return await _by_meaning(request, wanted, reader.readable, is_hybrid=is_hybrid)
    return found(request, await looked_for(request, wanted, reader.readable))


@router.get("/modes", response_model=Modes)
def modes(request: Request, _: Reader) -> dict[str, list[Mode]]:
    """What `GET /search` answers here: by meaning only where the weights of its model are."""
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
