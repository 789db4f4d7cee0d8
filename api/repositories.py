"""The repositories that are followed: add one, find it, have it analysed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from api import paging
from api.auth import Reader, Writer
from api.jobs import Queued
from api.paging import Page
from api.readable import ReadableRepositories
from api.session import Session, engine_of
from gitinsight import targets
from gitinsight.clock import now
from gitinsight.errors import NotVisible
from gitinsight.setting_kinds import TEN_YEARS_HOURS
from gitinsight.settings import Settings
from gitinsight.targets import Found
from warehouse import freshness, jobs, listing, repositories
from warehouse.engine import Connection
from warehouse.governor import SharedGovernor
from warehouse.listing import Sort
from warehouse.repositories import Repository as Followed

router = APIRouter(prefix="/repositories", tags=["repositories"])


class NewRepository(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"full_name": "octocat/hello-world"}]},
    )

    full_name: str


class Analysis(BaseModel):
    """``full`` reads everything anew."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"full": False}]}
    )

    full: bool = False


class Target(BaseModel):
    """``fresh_hours``: how old the figures may be; null, as old as those of all."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"fresh_hours": 6}]}
    )

    fresh_hours: Annotated[float, Field(gt=0, le=TEN_YEARS_HOURS, allow_inf_nan=False)] | None


class Repository(BaseModel):
    """``repository_id`` is ours and never changes; ``github_id`` is null for a git remote alone.
    ``as_of`` is the instant that the figures describe, and ``is_fresh`` whether that is no longer
    ago than ``fresh_hours``; both are null until there are figures.
    """

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "repository_id": 3, "host": "https://api.github.com", "github_id": 1296269,
                    "full_name": "octocat/hello-world",
                    "clone_url": "https://github.com/octocat/hello-world.git",
                    "default_branch": "main", "is_private": False, "is_synthetic": False,
                    "state": "active", "state_reason": None, "added_at": "2026-11-23T11:59:38Z",
                    "checked_at": "2026-11-23T12:00:00Z", "as_of": "2026-11-23T12:00:00Z",
                    "fresh_hours": 50, "is_fresh": True,
                }
            ]
        },
    )  # fmt: skip

    repository_id: int
    host: str
    github_id: int | None
    full_name: str
    clone_url: str
    default_branch: str | None
    is_private: bool
    is_synthetic: bool
    state: Literal["active", "unreadable", "blocked", "disabled"]
    state_reason: str | None
    added_at: datetime
    checked_at: datetime | None
    as_of: datetime | None
    fresh_hours: float
    is_fresh: bool | None


@router.post(
    "", status_code=201, response_model=Repository,
    responses={
        200: {"model": Repository, "description": "It is followed already."},
        404: {"description": "GitHub does not show it."},
        409: {"description": "The name now belongs to another repository."},
        502: {"description": "GitHub rejects the token, or answers what is not understood."},
    },
)  # fmt: skip
def add(body: NewRepository, request: Request, response: Response, writer: Writer) -> Any:
    """Follow a repository of GitHub."""
    settings: Settings = request.app.state.settings
    engine = engine_of(request)
    target = targets.parse_name(body.full_name, settings)
    shown: ReadableRepositories = request.app.state.readable

    def check(github_id: int | None, *, is_private: bool) -> None:
        """What our token is shown may be kept from the one who asks."""
        if is_private and not shown.shows(writer, github_id):
            raise NotVisible(target.full_name, 404, "Not Found")

    def ask(wanted: targets.Target) -> Found | None:
        found = targets.ask(wanted, settings, governor=partial(SharedGovernor, engine))
        if found is not None:
            check(found.id, is_private=found.private)
        return found

    repository, is_new = repositories.follow(engine, target, ask, at=now())
    if not is_new:
        check(repository.github_id, is_private=repository.is_private)
    response.status_code = 201 if is_new else 200
    with engine.begin() as connection:
        return told(connection, settings, [repository])[0]


@router.get("", response_model=Page[Repository])
def several(
    request: Request, reader: Reader, session: Session, q: str | None = None,
    language: Annotated[
        str | None,
        Query(
            max_length=100, examples=["Python"],
            description="Its main language, as GitHub calls it; upper case or lower.",
        ),
    ] = None,
    sort: Annotated[
        Sort, Query(description="With `-` downwards. What is not known comes last either way.")
    ] = "added",
    limit: paging.Limit = 50, cursor: paging.Cursor = None,
) -> dict[str, Any]:  # fmt: skip
    """Those whose name contains ``q``, in this order. A cursor is one of the order in which it was
    answered.
    """
    try:
        found = listing.page(
            session, q=q, language=language, sort=sort, limit=limit, after=paging.decode(cursor),
            readable=reader.readable,
        )  # fmt: skip
    except ValueError as error:
        raise paging.invalid() from error
    return {
        "data": told(session, request.app.state.settings, found.rows),
        "next_cursor": paging.following(found.end),
    }


@router.get(
    "/by-name/{owner}/{name}", response_model=Repository,
    responses={308: {"description": "It is called otherwise now; `Location` says how."}},
)  # fmt: skip
def by_name(owner: str, name: str, request: Request, reader: Reader, session: Session) -> Any:
    """By the name it has now; 308 to that, where it was asked for by a former one."""
    found = repositories.by_name(session, f"{owner}/{name}", readable=reader.readable)
    if found.full_name.lower() != f"{owner}/{name}".lower():
        return RedirectResponse(
            f"/api/v1/repositories/by-name/{found.full_name.lstrip('/')}", status_code=308
        )
    return told(session, request.app.state.settings, [found])[0]


@router.get("/{repository_id}", response_model=Repository)
def one(repository_id: int, request: Request, reader: Reader, session: Session) -> Any:
    """One repository that is followed."""
    found = repositories.by_id(session, repository_id, readable=reader.readable)
    return told(session, request.app.state.settings, [found])[0]


@router.patch("/{repository_id}", response_model=Repository)
def aim(
    repository_id: int, body: Target, request: Request, writer: Writer, session: Session
) -> dict[str, Any]:
    """Say how old its figures may be."""
    repositories.by_id(session, repository_id, readable=writer.readable)
    found = repositories.set_fresh_hours(session, repository_id, body.fresh_hours)
    return told(session, request.app.state.settings, [found])[0]


@router.post("/{repository_id}/analyze", status_code=202, response_model=Queued)
def analyze(
    repository_id: int, writer: Writer, session: Session, body: Analysis | None = None
) -> dict[str, Any]:
    """Queue an analysis; while one is queued or running, that one is answered."""
    repositories.by_id(session, repository_id, readable=writer.readable)
    is_full = body.full if body else False
    job, is_new = jobs.enqueue(session, repository_id, is_full=is_full, at=now(), reason="asked")
    return {"job_id": job.job_id, "state": job.state, "is_new": is_new}


def told(
    connection: Connection, settings: Settings, found: Sequence[Followed]
) -> list[dict[str, Any]]:
    """With how old their figures are."""
    ages = {
        one.repository_id: one
        for one in freshness.several(
            connection, now=now(), fresh_for=settings.quality.fresh_for,
            repository_ids=[one.repository_id for one in found],
        )
    }  # fmt: skip
    return [
        {
            **asdict(one), "as_of": age.as_of, "is_fresh": age.is_fresh,
            "fresh_hours": age.target_seconds / 3600,
        }
        for one in found
        for age in (ages[one.repository_id],)
    ]  # fmt: skip
