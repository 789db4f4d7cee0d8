"""Repositories and everything that is known about one of them."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict

from api import paging
from api.auth import Reader, Writer
from api.envelope import Envelope, answer, meta, plain
from api.session import Session, engine_of
from gitinsight import targets
from gitinsight.clock import now
from gitinsight.settings import Settings
from warehouse import insights, jobs, ledger, marts, repositories

router = APIRouter(tags=["repositories"])


class NewRepository(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"full_name": "octocat/hello-world"}]}
    )

    full_name: str


class Analysis(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"full": False}]})

    full: bool = False


@router.post("/repositories", status_code=201)
def add(body: NewRepository, request: Request, _: Writer) -> Response:
    """Follow a repository. 200 where it is followed already."""
    settings: Settings = request.app.state.settings
    repository, is_new = repositories.follow(
        engine_of(request), targets.parse_name(body.full_name, settings),
        partial(targets.ask, settings=settings), at=now(),
    )  # fmt: skip
    return JSONResponse(plain(repository), status_code=201 if is_new else 200)


@router.get("/repositories")
def several(
    session: Session, _: Reader, q: str | None = None, limit: paging.Limit = 50,
    cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    found = repositories.search(session, q, limit=limit + 1, after=paging.decode(cursor))
    page = found[:limit]
    following = paging.encode(page[-1].repository_id) if len(found) > limit else None
    return {"data": plain(page), "next_cursor": following}


@router.get("/repositories/by-name/{owner}/{name}")
def by_name(owner: str, name: str, session: Session, _: Reader) -> Response:
    """308 to the name it has now, where it was asked for by a former one."""
    found = repositories.by_name(session, f"{owner}/{name}")
    if found.full_name.lower() != f"{owner}/{name}".lower():
        return RedirectResponse(
            f"/api/v1/repositories/by-name/{found.full_name.lstrip('/')}", status_code=308
        )
    return JSONResponse(plain(found))


@router.get("/repositories/{repository_id}")
def one(repository_id: int, session: Session, _: Reader) -> dict[str, Any]:
    found: dict[str, Any] = plain(repositories.by_id(session, repository_id))
    return found


@router.post("/repositories/{repository_id}/analyze", status_code=202)
def analyze(
    repository_id: int, session: Session, _: Writer, body: Analysis | None = None
) -> dict[str, Any]:
    """Queue an analysis; while one is queued or running, that one is answered."""
    repositories.by_id(session, repository_id)
    is_full = body.full if body else False
    job, is_new = jobs.enqueue(session, repository_id, is_full=is_full, at=now())
    return {"job_id": str(job.job_id), "state": job.state, "is_new": is_new}


@router.get("/repositories/{repository_id}/completeness", response_model=Envelope)
def completeness(repository_id: int, session: Session, _: Reader) -> Response:
    repositories.by_id(session, repository_id)
    standing = ledger.standing(session, repository_id)
    data = {
        "things": ledger.completeness(session, repository_id),
        "checks": ledger.quality(session, repository_id),
    }
    return JSONResponse(plain({"data": data, "meta": meta(standing, definition="completeness@1")}))


@router.get("/repositories/{repository_id}/insights", response_model=Envelope)
def every_insight(repository_id: int, request: Request, session: Session, _: Reader) -> Response:
    repositories.by_id(session, repository_id)
    data = {name: insights.of_repository(session, repository_id, name) for name in insights.ORDER}
    standing = ledger.standing(session, repository_id)
    return answer(request, data, standing, definition="insights@1")


@router.get("/repositories/{repository_id}/insights/{insight}", response_model=Envelope)
def one_insight(
    repository_id: int, insight: str, request: Request, session: Session, _: Reader
) -> Response:
    repositories.by_id(session, repository_id)
    data = insights.of_repository(session, repository_id, insight)
    definition = data[0]["definition"] if data else f"{insight.replace('_', '-')}@1"
    standing = ledger.standing(session, repository_id)
    return answer(request, data, standing, definition=definition)


@router.get("/repositories/{repository_id}/summary", response_model=Envelope)
@router.get("/fast/repositories/{repository_id}/summary", response_model=Envelope)
def summary(repository_id: int, request: Request, session: Session, _: Reader) -> Response:
    repositories.by_id(session, repository_id)
    data = marts.summary(session, repository_id)
    standing = ledger.standing(session, repository_id)
    return answer(request, data, standing, definition="repository-summary@1")


@router.get("/repositories/{repository_id}/contributors", response_model=Envelope)
def contributors(
    repository_id: int, request: Request, session: Session, _: Reader, limit: paging.Limit = 50
) -> Response:
    repositories.by_id(session, repository_id)
    data = marts.rows(session, "contributor", repository_id=repository_id, limit=limit)
    standing = ledger.standing(session, repository_id)
    return answer(request, data, standing, definition="contributor@1")


@router.get("/repositories/{repository_id}/metrics/{metric}", response_model=Envelope)
def metric_series(
    repository_id: int, metric: str, request: Request, session: Session, _: Reader,
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
    every: Literal["day", "week", "month"] = "day",
    actors: Literal["human", "all"] = "all",
) -> Response:  # fmt: skip
    """One count of ``marts.daily_activity``, summed by day, week or month."""
    repositories.by_id(session, repository_id)
    data = marts.series(
        session, repository_id, metric, first=first, last=last, every=every, actors=actors
    )
    standing = ledger.standing(session, repository_id)
    return answer(request, data, standing, definition=f"{metric.replace('_', '-')}@1")
