"""The repositories that are followed: add one, find it, have it analysed."""

from datetime import datetime
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict

from api import paging
from api.auth import Reader, Writer
from api.jobs import Queued
from api.paging import Page
from api.session import Session, engine_of
from gitinsight import targets
from gitinsight.clock import now
from gitinsight.settings import Settings
from warehouse import jobs, repositories
from warehouse.governor import SharedGovernor

router = APIRouter(prefix="/repositories", tags=["repositories"])


class NewRepository(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"full_name": "octocat/hello-world"}]}
    )

    full_name: str


class Analysis(BaseModel):
    """``full`` reads everything anew."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"full": False}]})

    full: bool = False


class Repository(BaseModel):
    """``repository_id`` is ours and never changes; ``github_id`` is null for a git remote alone."""

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
                    "checked_at": "2026-11-23T12:00:00Z",
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


@router.post(
    "", status_code=201, response_model=Repository,
    responses={
        200: {"model": Repository, "description": "It is followed already."},
        404: {"description": "GitHub does not show it."},
        409: {"description": "The name now belongs to another repository."},
        502: {"description": "GitHub rejects the token, or answers what is not understood."},
    },
)  # fmt: skip
def add(body: NewRepository, request: Request, response: Response, _: Writer) -> Any:
    """Follow a repository of GitHub."""
    settings: Settings = request.app.state.settings
    engine = engine_of(request)
    repository, is_new = repositories.follow(
        engine, targets.parse_name(body.full_name, settings),
        partial(targets.ask, settings=settings, governor=partial(SharedGovernor, engine)), at=now(),
    )  # fmt: skip
    response.status_code = 201 if is_new else 200
    return repository


@router.get("", response_model=Page[Repository])
def several(
    session: Session, _: Reader, q: str | None = None, limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> dict[str, Any]:  # fmt: skip
    """In the order they were added, those whose name contains ``q``."""
    (after,) = paging.decode_as(cursor, int) or (0,)
    found = repositories.search(session, q, limit=limit + 1, after=after)
    return paging.cut(found, limit, lambda one: (one.repository_id,))


@router.get(
    "/by-name/{owner}/{name}", response_model=Repository,
    responses={308: {"description": "It is called otherwise now; `Location` says how."}},
)  # fmt: skip
def by_name(owner: str, name: str, session: Session, _: Reader) -> Any:
    """By the name it has now; 308 to that, where it was asked for by a former one."""
    found = repositories.by_name(session, f"{owner}/{name}")
    if found.full_name.lower() != f"{owner}/{name}".lower():
        return RedirectResponse(
            f"/api/v1/repositories/by-name/{found.full_name.lstrip('/')}", status_code=308
        )
    return found


@router.get("/{repository_id}", response_model=Repository)
def one(repository_id: int, session: Session, _: Reader) -> Any:
    """One repository that is followed."""
    return repositories.by_id(session, repository_id)


@router.post("/{repository_id}/analyze", status_code=202, response_model=Queued)
def analyze(
    repository_id: int, session: Session, _: Writer, body: Analysis | None = None
) -> dict[str, Any]:
    """Queue an analysis; while one is queued or running, that one is answered."""
    repositories.by_id(session, repository_id)
    is_full = body.full if body else False
    job, is_new = jobs.enqueue(session, repository_id, is_full=is_full, at=now())
    return {"job_id": job.job_id, "state": job.state, "is_new": is_new}
