"""Runs the insight models over the figures that dbt has just made."""

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from flows.steps import trends
from flows.steps.run import Run
from models import bus_factor, review_centrality, review_latency, truck_factor
from warehouse import insights
from warehouse.engine import Engine
from warehouse.schemas import NOW, Schemas

_WINDOWS = (0, 365)
_REVIEW_DAYS = 180

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Insights:
    """Rows by insight; they are stored when the job is published, and not before."""

    rows: Rows = field(default_factory=dict)


def compute(run: Run) -> Insights:
    return of_repository(
        run.warehouse, run.repository.repository_id, job_id=run.job.job_id, schemas=run.schemas
    )


def of_repository(
    warehouse: Engine, repository_id: int, *, job_id: UUID, schemas: Schemas = NOW
) -> Insights:
    """With ``schemas`` of the past, as ``warehouse.past`` shows it."""
    with warehouse.begin() as connection:
        as_of = insights.data_as_of(connection, repository_id, schemas=schemas)
        shares = {
            days: insights.commit_shares(connection, repository_id, days, schemas=schemas)
            for days in _WINDOWS
        }
        openings = {
            subject: insights.openings(connection, repository_id, subject, schemas=schemas)
            for subject in insights.subjects_with_answers(
                connection, repository_id, schemas=schemas
            )
        }
        ties = (
            insights.review_ties(connection, repository_id, _REVIEW_DAYS, schemas=schemas)
            if insights.knows_reviews(connection, repository_id, schemas=schemas)
            else []
        )
        authorship = (
            truck_factor.truck_factor(
                insights.file_changes(connection, repository_id, schemas=schemas)
            )
            if insights.knows_files(connection, repository_id, schemas=schemas)
            else None
        )
        expected, accuracy = trends.forecasts(connection, repository_id, schemas=schemas)
        odd = trends.odd_days(connection, repository_id, as_of=as_of, schemas=schemas)
    stamp = {"as_of": as_of, "job_id": job_id}
    factors = [
        {
            **asdict(found), "window_days": days, "definition": bus_factor.DEFINITION,
            "top_persons": [asdict(one) for one in found.top_persons], **stamp,
        }
        for days, found in ((days, bus_factor.bus_factor(shares[days])) for days in _WINDOWS)
    ]  # fmt: skip
    latencies = [
        {
            **asdict(review_latency.review_latency(asked, as_of=as_of)),
            "subject": subject, "definition": review_latency.DEFINITION, **stamp,
        }
        for subject, asked in openings.items()
    ]  # fmt: skip
    centralities = [
        asdict(one)
        | {"window_days": _REVIEW_DAYS, "definition": review_centrality.DEFINITION, **stamp}
        for one in review_centrality.review_centrality(ties)
    ]
    trucks = [
        asdict(authorship) | stamp
        | {
            "definition": truck_factor.DEFINITION,
            "top_persons": [asdict(one) for one in authorship.top_persons],
        }
    ] if authorship else []  # fmt: skip
    return Insights(
        {
            "anomalies": [one | stamp for one in odd], "bus_factor": factors,
            "forecast_accuracy": [one | stamp for one in accuracy],
            "forecasts": [one | stamp for one in expected],
            "review_centrality": centralities, "review_latency": latencies, "truck_factor": trucks,
        }
    )  # fmt: skip
