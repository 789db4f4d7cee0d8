"""What is to come, how good that is, and which days were odd."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from api.auth import Reader
from api.envelope import CONDITIONAL, Envelope, answer, meta
from gitinsight.metrics.catalogue import definition_of
from warehouse import insights
from warehouse.engine import Connection
from warehouse.ledger import Standing
from warehouse.shapes import Shapes

router = APIRouter(tags=["figures"])
_JOB = "5f0c1d6e-7f0e-4c53-9d7c-0a4f7b9f2f11"


class Forecast(BaseModel):
    """One week of one metric; eight in ten such weeks lie between ``low_80`` and ``high_80``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "repository_id": 3, "metric": "commits", "horizon_weeks": 1,
                    "iso_week": "2026-11-23", "value": 31.4, "low_80": 17.2, "high_80": 47.0,
                    "low_95": 9.8, "high_95": 61.3, "method": "exponential_smoothing",
                    "as_of": "2026-11-23T12:00:00Z", "definition": "forecasts@1", "job_id": _JOB,
                }
            ]
        }
    )  # fmt: skip

    repository_id: int
    metric: str
    horizon_weeks: int
    iso_week: date
    value: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float
    method: Literal["exponential_smoothing", "moving_average"]
    as_of: datetime
    definition: str
    job_id: UUID


class ForecastAccuracy(BaseModel):
    """A method in the back-test; ``mase`` is below 1 where it beats the year before. ``reason``
    says why nothing is forecast, or nothing but an average.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "repository_id": 3, "metric": "commits", "method": "moving_average",
                    "is_shown": True, "reason": "nothing_beats_the_average",
                    "origins_count": 6, "mase": 0.71,
                    "coverage_80_ratio": 0.81, "as_of": "2026-11-23T12:00:00Z",
                    "definition": "forecast-accuracy@1", "job_id": _JOB,
                }
            ]
        }
    )  # fmt: skip

    repository_id: int
    metric: str
    method: Literal["exponential_smoothing", "moving_average", "seasonal_naive", "none"]
    is_shown: bool
    reason: (
        Literal[
            "too_short", "never_changes", "not_known_lately", "too_quiet",
            "nothing_beats_the_average", "nothing_beats_the_year_before",
        ]
        | None
    )  # fmt: skip
    origins_count: int
    mase: float | None
    coverage_80_ratio: float | None
    as_of: datetime
    definition: str
    job_id: UUID


class Outlook(BaseModel):
    forecasts: list[Forecast]
    forecast_accuracy: list[ForecastAccuracy]


class Active(BaseModel):
    person: str
    count: int


class Anomaly(BaseModel):
    """A day that had more than is usual, or a week that had less, and who and what was there."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "repository_id": 3, "metric": "commits", "first_day": "2026-10-05",
                    "days_count": 1, "observed_count": 41, "expected_count": 4.6,
                    "surprise_score": 3.4, "quiet_days_count": 2,
                    "top_persons": [{"person": "ann", "count": 37}], "releases": ["v2.0.0"],
                    "as_of": "2026-11-23T12:00:00Z", "definition": "anomalies@1", "job_id": _JOB,
                }
            ]
        }
    )  # fmt: skip

    repository_id: int
    metric: str
    first_day: date
    days_count: Literal[1, 7]
    observed_count: int
    expected_count: float
    surprise_score: float
    quiet_days_count: int
    top_persons: list[Active]
    releases: list[str]
    as_of: datetime
    definition: str
    job_id: UUID


@router.get(
    "/repositories/{repository_id}/forecasts",
    response_model=Envelope[Outlook], responses=CONDITIONAL,
)  # fmt: skip
async def forecasts(repository_id: int, request: Request, reader: Reader) -> Response:
    """The eight weeks to come of each metric, with how well each method would have done before."""

    def body(session: Connection, _: Shapes, standing: Standing) -> dict[str, Any]:
        data = {
            name: insights.of_repository(session, repository_id, name)
            for name in ("forecasts", "forecast_accuracy")
        }
        return {"data": data, "meta": meta(standing, definition=definition_of("forecasts"))}

    return await answer(request, repository_id, reader.readable, body)


@router.get(
    "/repositories/{repository_id}/anomalies",
    response_model=Envelope[list[Anomaly]], responses=CONDITIONAL,
)  # fmt: skip
async def anomalies(repository_id: int, request: Request, reader: Reader) -> Response:
    """Odd days of the last year; empty where every day was a usual one."""

    def body(session: Connection, _: Shapes, standing: Standing) -> dict[str, Any]:
        data = insights.of_repository(session, repository_id, "anomalies")
        return {"data": data, "meta": meta(standing, definition=definition_of("anomalies"))}

    return await answer(request, repository_id, reader.readable, body)
