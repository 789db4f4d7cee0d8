"""What is known about one repository: summary, insights, series, and how complete it all is."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from api import paging
from api.auth import Reader
from api.envelope import CONDITIONAL, Envelope, PagedEnvelope, answer, meta
from api.marts import page
from api.session import Session
from api.trends import Anomaly, Forecast, ForecastAccuracy
from gitinsight.metrics.catalogue import definition_of
from warehouse import insights, ledger, marts
from warehouse.engine import Connection
from warehouse.ledger import Standing
from warehouse.shapes import Shapes

router = APIRouter(tags=["figures"])
Row = dict[str, Any]
_JOB = "5f0c1d6e-7f0e-4c53-9d7c-0a4f7b9f2f11"


class Count(BaseModel):
    """One thing of the completeness ledger; what is not known is null."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "thing": "issues", "upstream_count": 479, "held_count": 479,
                    "state": "complete", "reason": None, "as_of": "2026-11-23T12:00:00Z",
                    "job_id": _JOB,
                }
            ]
        }
    )  # fmt: skip

    thing: str
    upstream_count: int | None
    held_count: int | None
    state: Literal["complete", "partial", "unavailable", "uncounted"]
    reason: str | None
    as_of: datetime
    job_id: UUID


class CheckResult(BaseModel):
    """What one check of the last checked job found."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "check_name": "volume:github_issues", "tool": "great_expectations",
                    "subject": "raw.github_issues", "severity": "block", "status": "passed",
                    "failures": 0, "observed": "479 rows", "expected": "at least 456 rows",
                    "at": "2026-11-23T12:00:07Z", "job_id": _JOB,
                }
            ]
        }
    )  # fmt: skip

    check_name: str
    tool: Literal["dbt", "great_expectations", "reconciliation", "completeness"]
    subject: str
    severity: Literal["block", "warn"]
    status: Literal["passed", "failed", "skipped"]
    failures: int | None
    observed: str | None
    expected: str | None
    at: datetime
    job_id: UUID


class Completeness(BaseModel):
    things: list[Count]
    checks: list[CheckResult]


class Person(BaseModel):
    person: str
    commits_count: int


class BusFactor(BaseModel):
    """``window_days`` is 0 for all time; what nobody's commits can tell is null."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "repository_id": 3, "window_days": 365, "caf_50_count": 2, "caf_80_count": 5,
                    "hhi_ratio": 0.21, "gini_ratio": 0.63, "commits_count": 812,
                    "persons_count": 19, "top_persons": [{"person": "ann", "commits_count": 301}],
                    "as_of": "2026-11-23T12:00:00Z", "definition": "bus-factor@1", "job_id": _JOB,
                }
            ]
        }
    )  # fmt: skip

    repository_id: int
    window_days: int
    caf_50_count: int | None
    caf_80_count: int | None
    hhi_ratio: float | None
    gini_ratio: float | None
    commits_count: int
    persons_count: int
    top_persons: list[Person]
    as_of: datetime
    definition: str
    job_id: UUID


class ReviewCentrality(BaseModel):
    """A person in the network of who reviews whom; ``betweenness_ratio`` is null of two people, and
    an estimate where it is counted from fewer persons than there are: ``sources_count``.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "repository_id": 3, "person": "ann", "window_days": 180,
                    "reviews_given_count": 61, "reviews_received_count": 12, "authors_count": 9,
                    "reviewers_count": 3, "reciprocity_ratio": 0.2, "betweenness_ratio": 0.41,
                    "sources_count": 24, "as_of": "2026-11-23T12:00:00Z",
                    "definition": "review-centrality@2", "job_id": _JOB,
                }
            ]
        }
    )  # fmt: skip

    repository_id: int
    person: str
    window_days: int
    reviews_given_count: int
    reviews_received_count: int
    authors_count: int
    reviewers_count: int
    reciprocity_ratio: float
    betweenness_ratio: float | None
    sources_count: int | None
    as_of: datetime
    definition: str
    job_id: UUID


class ReviewLatency(BaseModel):
    """Hours until another human answers; ``km_p50_hours`` takes those into account who wait."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "repository_id": 3, "subject": "pull_requests", "opened_count": 1031,
                    "answered_count": 986, "censored_count": 45, "p50_hours": 3.2,
                    "p75_hours": 21.9, "p90_hours": 97.4, "km_p50_hours": 3.6,
                    "within_48_hours_ratio": 0.83, "as_of": "2026-11-23T12:00:00Z",
                    "definition": "review-latency@1", "job_id": _JOB,
                }
            ]
        }
    )  # fmt: skip

    repository_id: int
    subject: Literal["issues", "pull_requests"]
    opened_count: int
    answered_count: int
    censored_count: int
    p50_hours: float | None
    p75_hours: float | None
    p90_hours: float | None
    km_p50_hours: float | None
    within_48_hours_ratio: float | None
    as_of: datetime
    definition: str
    job_id: UUID


class Author(BaseModel):
    person: str
    files_count: int


class TruckFactor(BaseModel):
    """By degree of authorship; ``truck_factor_count`` is null where no file has an author."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "repository_id": 3, "truck_factor_count": 2, "files_count": 214,
                    "authors_count": 13, "top_persons": [{"person": "ann", "files_count": 121}],
                    "as_of": "2026-11-23T12:00:00Z", "definition": "truck-factor@1",
                    "job_id": _JOB,
                }
            ]
        }
    )  # fmt: skip

    repository_id: int
    truck_factor_count: int | None
    files_count: int
    authors_count: int
    top_persons: list[Author]
    as_of: datetime
    definition: str
    job_id: UUID


class Insights(BaseModel):
    anomalies: list[Anomaly]
    bus_factor: list[BusFactor]
    forecast_accuracy: list[ForecastAccuracy]
    forecasts: list[Forecast]
    review_centrality: list[ReviewCentrality]
    review_latency: list[ReviewLatency]
    truck_factor: list[TruckFactor]


class Point(BaseModel):
    """``at`` is the first day; ``value`` is null where one of the days is unknown."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"at": "2026-11-16", "value": 42}]})

    at: date
    value: int | None


@router.get("/repositories/{repository_id}/completeness", response_model=Envelope[Completeness])
def completeness(repository_id: int, reader: Reader, session: Session) -> Row:
    """What GitHub says exists beside what is held, why the two differ, and every check."""
    standing = ledger.standing(session, repository_id, reader.readable)
    data = {
        "things": ledger.completeness(session, repository_id),
        "checks": ledger.quality(session, repository_id),
    }
    return {"data": data, "meta": meta(standing, definition=None)}


@router.get(
    "/repositories/{repository_id}/insights",
    response_model=Envelope[Insights], responses=CONDITIONAL,
)  # fmt: skip
async def every_insight(repository_id: int, request: Request, reader: Reader) -> Response:
    """Every insight; empty ones were not computed yet."""

    def body(session: Connection, _: Shapes, standing: Standing) -> Row:
        data = {
            name: insights.of_repository(session, repository_id, name) for name in insights.ORDER
        }
        return {"data": data, "meta": meta(standing, definition=None)}

    return await answer(request, repository_id, reader.readable, body)


@router.get(
    "/repositories/{repository_id}/insights/{insight}",
    response_model=Envelope[
        list[Anomaly] | list[BusFactor] | list[Forecast] | list[ForecastAccuracy]
        | list[ReviewCentrality] | list[ReviewLatency] | list[TruckFactor]
    ],
    responses=CONDITIONAL,
)  # fmt: skip
async def one_insight(
    repository_id: int, insight: str, request: Request, reader: Reader
) -> Response:
    """One insight, with the evidence that it rests on and its definition."""

    def body(session: Connection, _: Shapes, standing: Standing) -> Row:
        data = insights.of_repository(session, repository_id, insight)
        definition = data[0]["definition"] if data else definition_of(insight)
        return {"data": data, "meta": meta(standing, definition=definition)}

    return await answer(request, repository_id, reader.readable, body)


@router.get(
    "/repositories/{repository_id}/summary", response_model=Envelope[Row], responses=CONDITIONAL
)
async def summary(repository_id: int, request: Request, reader: Reader) -> Response:
    """The row of ``marts.repository_summary``; `GET /marts/repository_summary` explains it."""

    def body(session: Connection, shapes: Shapes, standing: Standing) -> Row:
        shape = shapes.of(session, "repository_summary")
        data = marts.summary(session, repository_id, shape)
        return {"data": data, "meta": meta(standing, definition=None)}

    return await answer(request, repository_id, reader.readable, body)


def _rows_of(mart: str) -> Callable[..., Awaitable[Response]]:
    async def rows(
        repository_id: int, request: Request, reader: Reader, limit: paging.Limit = 50,
        cursor: paging.Cursor = None,
    ) -> Response:  # fmt: skip
        return await page(request, mart, repository_id, reader.readable, limit=limit, cursor=cursor)

    return rows


for _path, _mart in {"contributors": "contributor", "health-score": "health_score"}.items():
    router.get(
        f"/repositories/{{repository_id}}/{_path}", name=_path.replace("-", "_"),
        response_model=PagedEnvelope[Row], responses=CONDITIONAL,
        description=f"Rows of `marts.{_mart}` by its key; `GET /marts/{_mart}` explains them.",
    )(_rows_of(_mart))  # fmt: skip


@router.get(
    "/repositories/{repository_id}/sentiment",
    response_model=PagedEnvelope[Row], responses=CONDITIONAL,
)  # fmt: skip
async def sentiment(
    repository_id: int, request: Request, reader: Reader,
    every: Literal["day", "week"] = "week", limit: paging.Limit = 50, cursor: paging.Cursor = None,
) -> Response:  # fmt: skip
    """How people sound, all of them together: rows of `marts.sentiment_daily`, which
    `GET /marts/sentiment_daily` explains.
    """
    return await page(
        request, "sentiment_daily", repository_id, reader.readable, limit=limit, cursor=cursor,
        only={"every": every}, definition=definition_of("sentiment"),
    )  # fmt: skip


@router.get(
    "/repositories/{repository_id}/code-quality",
    response_model=PagedEnvelope[Row], responses=CONDITIONAL,
)  # fmt: skip
async def code_quality(
    repository_id: int, request: Request, reader: Reader,
    every: Literal["week", "release"] = "week", limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> Response:  # fmt: skip
    """What the code is like, by language: rows of `marts.code_quality`, which
    `GET /marts/code_quality` explains. Its hottest files are in `marts.code_hotspots`.
    """
    return await page(
        request, "code_quality", repository_id, reader.readable, limit=limit, cursor=cursor,
        only={"every": every}, definition=definition_of("code_health"),
    )  # fmt: skip


@router.get(
    "/repositories/{repository_id}/metrics/{metric}",
    response_model=Envelope[list[Point]], responses=CONDITIONAL,
)  # fmt: skip
async def metric_series(
    repository_id: int, metric: str, request: Request, reader: Reader,
    first: Annotated[date | None, Query(alias="from", description="First day.")] = None,
    last: Annotated[date | None, Query(alias="to", description="Last day.")] = None,
    every: Literal["day", "week", "month"] = "day",
    actors: Literal["human", "all"] = "all",
) -> Response:  # fmt: skip
    """One count of ``marts.daily_activity``, summed by day, week or month; of what is open at the
    end of a day, that of the last one.
    """

    def body(session: Connection, shapes: Shapes, standing: Standing) -> Row:
        data = marts.series(
            session, repository_id, metric, first=first, last=last, every=every, actors=actors,
            shape=shapes.of(session, "daily_activity"),
        )  # fmt: skip
        return {"data": data, "meta": meta(standing, definition=definition_of(metric))}

    return await answer(request, repository_id, reader.readable, body)
