"""Whether somebody has said it before: issues that may be the same as a new one. It closes none."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from api import meaning
from api.auth import Reader
from api.search import Found, Meant
from api.session import in_transaction
from models.meaning import readable
from warehouse import visibility
from warehouse.engine import Connection
from warehouse.vectors import Among

SUGGESTED = 3
LETTERS = 65_536
"""As much as GitHub takes."""
_ALIKE = 0.4
"""What is less near is not suggested: of recorded pairs three in four of those that people called
related are nearer, and nine in ten of the duplicates (docs/models/search.md).
"""
router = APIRouter(prefix="/ai", tags=["ai"])


class Draft(BaseModel):
    """An issue that somebody is about to open, in Markdown."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "repository_id": 3, "title": "Parser crashes on an empty file",
                    "body": "With a file of no bytes it ends with a traceback.",
                }
            ]
        },
    )  # fmt: skip

    repository_id: int = Field(ge=1, lt=2**63)
    title: str = Field(min_length=1, max_length=1_024)
    body: str = Field(default="", max_length=LETTERS)


class Duplicates(BaseModel):
    """The nearest first, three at most. It is for people to say whether one is the same."""

    data: list[Found]
    meta: Meant


@router.post("/duplicates", response_model=Duplicates)
async def duplicates(body: Draft, request: Request, reader: Reader) -> dict[str, Any]:
    """Issues of the repository that may say what a new one says. Nothing is kept of it."""
    where = Among(readable=reader.readable, repository_id=body.repository_id, kind="issue")

    def check(session: Connection) -> None:
        visibility.check(session, body.repository_id, reader.readable)

    def look(session: Connection) -> dict[str, Any]:
        hits = meaning.near(session, vector, where, limit=SUGGESTED)
        alike = [one for one in hits if one["similarity"] >= _ALIKE]
        return {"data": alike, "meta": meaning.coverage(session, where)}

    await in_transaction(request, check)
    vector = await request.app.state.meaning.vector(readable(body.title, body.body))
    return await in_transaction(request, look)
