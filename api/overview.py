"""All repositories at a glance: what a list of them shows, a page of it by one question."""

from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from api import paging
from api.auth import Reader
from api.envelope import Quality
from api.jobs import Stage, State
from api.paging import Page
from api.repositories import Repository, told
from api.session import Session
from warehouse import ledger, overview, repositories
from warehouse.ledger import Standing

router = APIRouter(tags=["repositories"])
_FIGURES: dict[str, Any] = {
    "language": "Python", "stargazers_count": 812, "issues_open_count": 41,
    "pull_requests_open_count": 7, "health_score": 71.4, "coverage_ratio": 1.0,
    "quality": {"status": "passed", "failed_checks": []}, "trend_since": "2026-06-01",
    "trend": [4, 0, 12], "job": None,
}  # fmt: skip
_EXAMPLE = {**Repository.model_json_schema()["examples"][0], **_FIGURES}


class ActiveJob(BaseModel):
    job_id: UUID
    state: State
    stage: Stage | None


class Glance(Repository):
    """A repository with a few of its figures, each null where it is not known. ``coverage_ratio``
    is that of the thing of which the least is held. ``trend`` has the commits of up to 26 weeks
    from ``trend_since`` on. ``job`` is the analysis that waits or runs.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    language: str | None
    stargazers_count: int | None
    issues_open_count: int | None
    pull_requests_open_count: int | None
    health_score: float | None
    coverage_ratio: float | None
    quality: Quality
    trend_since: date | None
    trend: list[int | None] = Field(max_length=overview.WEEKS)
    job: ActiveJob | None


@router.get("/overview", response_model=Page[Glance])
def glances(
    request: Request, reader: Reader, session: Session, q: str | None = None,
    limit: paging.Limit = 50, cursor: paging.Cursor = None,
) -> dict[str, Any]:  # fmt: skip
    """In the order they were added, those whose name contains ``q``."""
    (after,) = paging.decode_as(cursor, paging.number) or (0,)
    found = repositories.search(session, q, limit=limit + 1, after=after, readable=reader.readable)
    ids = [one.repository_id for one in found]
    known = ledger.known(session, ids, reader.readable)
    figures = overview.several(session, ids)
    rows = [
        one | _glance(figures[one["repository_id"]], known[one["repository_id"]].standing)
        for one in told(session, request.app.state.settings, found)
    ]
    return paging.cut(rows, limit, lambda one: (one["repository_id"],))


def _glance(figures: overview.Overview, standing: Standing) -> dict[str, Any]:
    about = asdict(figures)
    job = {name: about.pop(f"job_{name}") for name in ("id", "state", "stage")}
    ratios = [one["ratio"] for one in standing.coverage.values() if one["ratio"] is not None]
    return about | {
        "job": job | {"job_id": job.pop("id")} if job["id"] else None,
        "coverage_ratio": min(ratios, default=None),
        "quality": {
            "status": standing.quality_status, "failed_checks": standing.failed_checks,
        },
    }  # fmt: skip
