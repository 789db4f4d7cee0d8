"""Which accounts and addresses are one person: suggested, tried out, merged, taken back."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.auth import Writer
from api.errors import Refused
from api.session import Session
from gitinsight.clock import now
from gitinsight.errors import BrokenEnvironment, NotFound
from gitinsight.principal import Principal
from models.identity_matches import suggest
from warehouse import identities, previews, visibility
from warehouse.engine import Connection

router = APIRouter(tags=["identities"])
_NAME = Annotated[str, Field(min_length=1, max_length=320, pattern=r"^[^\x00]+$")]
_LEAST_SCORE = 0.8
_TWO: dict[str, Any] = {"alias": "ann@home.example", "person": "ann"}
_MERGE: dict[str, Any] = {
    **_TWO, "reason": "she said so", "merged_by": "user:3", "merged_at": "2026-11-23T12:00:00Z",
}  # fmt: skip


class Said(BaseModel):
    """One thing that speaks for it."""

    model_config = ConfigDict(from_attributes=True)

    rule: str
    value: str


class Suggestion(BaseModel):
    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {**_TWO, "score": 0.95, "evidence": [{"rule": "same name", "value": "Ann Lee"}]}
            ]
        },
    )  # fmt: skip

    alias: str
    person: str
    score: float
    evidence: list[Said]


class Suggestions(BaseModel):
    data: list[Suggestion]


class Pair(BaseModel):
    """``alias`` would be told as ``person``; both as figures name them."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [_TWO]}
    )  # fmt: skip

    alias: _NAME
    person: _NAME


class Move(BaseModel):
    """A figure that would be another one; null is a value that is not known."""

    metric: str
    repository_id: int
    repository: str
    before: float | None
    after: float | None


class Preview(BaseModel):
    """``moves`` is null until ``done_at``, and where a ``reason`` says why there is none."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "preview_id": 2, **_TWO, "asked_at": "2026-11-23T12:00:00Z",
                    "done_at": "2026-11-23T12:00:21Z", "reason": None,
                    "moves": [
                        {
                            "metric": "bus-factor@1", "repository_id": 3,
                            "repository": "octocat/hello-world", "before": 2, "after": 1,
                        }
                    ],
                }
            ]
        },
    )  # fmt: skip

    preview_id: int
    alias: str
    person: str
    asked_at: datetime
    done_at: datetime | None
    moves: list[Move] | None
    reason: str | None


class NewMerge(Pair):
    model_config = ConfigDict(
        json_schema_extra={"examples": [_TWO | {"reason": "she said so"}]}
    )  # fmt: skip

    reason: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


class Merge(BaseModel):
    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_MERGE]})

    alias: str
    person: str
    reason: str
    merged_by: str
    merged_at: datetime


class Merges(BaseModel):
    data: list[Merge]


class Concerned(BaseModel):
    """Repositories whose figures are made anew for it, of those that may be seen."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"repository_ids": [3]}]})

    repository_ids: list[int]


@router.get("/repositories/{repository_id}/identity-suggestions", response_model=Suggestions)
def suggestions(repository_id: int, writer: Writer, session: Session) -> dict[str, Any]:
    """Which may be one person, the surest first, and what speaks for it; nothing is merged."""
    visibility.check(session, repository_id, writer.readable)
    found = [
        one
        for one in suggest(identities.in_repository(session, repository_id))
        if one.score >= _LEAST_SCORE
    ]
    return {"data": sorted(found, key=lambda one: -one.score)}


@router.post("/identities/previews", status_code=202, response_model=Preview)
def preview(body: Pair, writer: Writer, session: Session) -> Any:
    """Ask which figures a merge would move. A worker makes all figures as if it held; that takes
    a while, and changes nothing.
    """
    alias, person = _checked(session, body, writer)
    return previews.ask(session, alias, person, by=writer.name, at=now())


@router.get("/identities/previews/{preview_id}", response_model=Preview)
def one_preview(preview_id: int, writer: Writer, session: Session) -> dict[str, Any]:
    """What was found, of the repositories that may be seen."""
    found = previews.by_id(session, preview_id)
    if not _is_seen(session, [found.alias], writer):
        raise NotFound(f"preview {preview_id}")
    told = Preview.model_validate(found)
    seen = visibility.among(
        session, {one.repository_id for one in told.moves or ()}, writer.readable
    )
    moves = told.moves and [one for one in told.moves if one.repository_id in seen]
    return told.model_dump() | {"moves": moves}


@router.get("/identities/merges", response_model=Merges)
def merges(writer: Writer, session: Session) -> dict[str, Any]:
    """Those that hold: who made them, when and why."""
    found = identities.merges(session)
    return {"data": [one for one in found if _is_seen(session, [one.alias, one.person], writer)]}


@router.post("/identities/merges", status_code=201, response_model=Concerned)
def merge(body: NewMerge, writer: Writer, session: Session) -> dict[str, Any]:
    """Let figures say ``person`` where they said ``alias``, in every repository, from the next
    analysis on; those analyses are queued.
    """
    alias, person = _checked(session, body, writer)
    found = identities.merge(session, alias, person, reason=body.reason, by=writer.name, at=now())
    return {"repository_ids": sorted(visibility.among(session, found, writer.readable))}


@router.delete("/identities/merges/{alias}", response_model=Concerned)
def unmerge(alias: str, writer: Writer, session: Session) -> dict[str, Any]:
    """Take a merge back: figures become what they were."""
    held = {one.alias: one.person for one in identities.merges(session)}
    person = held.get(alias.lower())
    if person is None or not _is_seen(session, [alias, person], writer):
        raise NotFound(f"a merge of {alias}")
    found = identities.unmerge(session, alias, by=writer.name, at=now())
    return {"repository_ids": sorted(visibility.among(session, found, writer.readable))}


def _checked(session: Connection, body: Pair, writer: Principal) -> tuple[str, str]:
    for name in (body.alias, body.person):
        if not _is_seen(session, [name], writer):
            raise NotFound(f"{name} in the mart dim_actor")
    try:
        return identities.check(session, body.alias, body.person)
    except BrokenEnvironment as error:
        raise Refused(409, kind="not-mergeable", detail=str(error)) from error


def _is_seen(session: Connection, names: list[str], writer: Principal) -> bool:
    """Whether figures name one of them that may be seen."""
    if writer.readable is None:
        return True
    concerned = identities.concerned(session, names)
    return bool(visibility.among(session, concerned, writer.readable))
