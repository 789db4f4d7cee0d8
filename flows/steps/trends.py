"""Forecasts of a repository with how good they are, and odd days with what explains them."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from models import anomalies, forecast
from models.anomalies import Anomaly
from models.forecast import Forecast
from warehouse import trends
from warehouse.engine import Connection
from warehouse.schemas import NOW, Schemas

_TOLD_DAYS = 365
_BEFORE_DAYS = 7 * 27
"""What a week is compared with, and the days until a week begins."""

Row = dict[str, Any]


def forecasts(
    connection: Connection, repository_id: int, *, schemas: Schemas = NOW
) -> tuple[list[Row], list[Row]]:
    """Rows of ``insights.forecasts`` and of ``insights.forecast_accuracy``."""
    last_week, series = trends.weekly(connection, repository_id, schemas=schemas)
    if last_week is None:
        return [], []
    steps: list[Row] = []
    accuracy: list[Row] = []
    for metric, weeks in series.items():
        if all(one is None for one in weeks):
            continue  # the ledger says that it is not known
        found = forecast.forecast(weeks)
        steps += _steps(metric, found, last_week)
        accuracy += _accuracy(metric, found)
    return steps, accuracy


def _steps(metric: str, found: Forecast, last_week: date) -> Iterator[Row]:
    for one in found.steps:
        yield asdict(one) | {
            "metric": metric, "method": found.method, "definition": forecast.DEFINITION,
            "iso_week": last_week + timedelta(weeks=one.horizon_weeks),
        }  # fmt: skip


def _accuracy(metric: str, found: Forecast) -> Iterator[Row]:
    stamp = {"metric": metric, "reason": found.reason, "definition": forecast.ACCURACY}
    for one in found.accuracy:
        yield asdict(one) | stamp | {"is_shown": one.method == found.method}
    if not found.accuracy:
        yield stamp | {"method": "none", "is_shown": False, "origins_count": 0}


def odd_days(
    connection: Connection, repository_id: int, *, as_of: datetime, schemas: Schemas = NOW
) -> list[Row]:
    """Rows of ``insights.anomalies``."""
    since = as_of.date() - timedelta(days=_TOLD_DAYS)
    counted = trends.daily(
        connection, repository_id, since=since - timedelta(days=_BEFORE_DAYS), schemas=schemas
    )

    def row(metric: str, one: Anomaly) -> Row:
        persons, releases = trends.who_and_what(
            connection, repository_id, metric, one.first_day, one.days_count, schemas=schemas
        )
        return asdict(one) | {
            "metric": metric, "top_persons": list(persons), "releases": list(releases),
            "definition": anomalies.DEFINITION,
        }  # fmt: skip

    return [
        row(metric, one)
        for metric, days in counted.items()
        for one in anomalies.anomalies(days, since=since)
    ]
