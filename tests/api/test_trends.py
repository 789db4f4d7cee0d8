"""Forecasts with their accuracy, and anomalies with who and what was there, over HTTP."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.support.marts import publish_figures
from tests.support.rows import AT, add_repository, claim
from warehouse import insights
from warehouse.engine import Engine

STAMP = {"as_of": AT, "job_id": UUID(int=1)}
STEP = {
    "metric": "commits", "horizon_weeks": 1, "iso_week": date(2026, 6, 1), "value": 4.5,
    "low_80": 1.0, "high_80": 9.0, "low_95": 0.0, "high_95": 13.0,
    "method": "exponential_smoothing", "definition": "forecasts@1",
} | STAMP  # fmt: skip
TRIED = {
    "metric": "commits", "method": "exponential_smoothing", "is_shown": True, "reason": None,
    "origins_count": 6, "mase": 0.7, "coverage_80_ratio": 0.81,
    "definition": "forecast-accuracy@1",
} | STAMP  # fmt: skip
UNTRIED = {
    "metric": "stars_gained", "method": "none", "is_shown": False, "reason": "too_short",
    "origins_count": 0, "definition": "forecast-accuracy@1",
} | STAMP  # fmt: skip
ODD = {
    "metric": "commits", "first_day": date(2026, 5, 4), "days_count": 1, "observed_count": 41,
    "expected_count": 4.6, "surprise_score": 3.4, "quiet_days_count": 2,
    "top_persons": [{"person": "ann", "count": 37}], "releases": ["v2"],
    "definition": "anomalies@1",
} | STAMP  # fmt: skip
KNOWN, NEW = "/api/v1/repositories/1", "/api/v1/repositories/2"


@pytest.fixture(scope="module")
def api(reading: httpx2.Client, library: Engine) -> httpx2.Client:
    add_repository(library)
    add_repository(library, "octo/site", github_id=2)
    with library.begin() as connection:
        insights.store(connection, 1, "forecasts", [STEP | {"horizon_weeks": 2}, STEP])
        insights.store(connection, 1, "forecast_accuracy", [UNTRIED, TRIED])
        insights.store(connection, 1, "anomalies", [ODD])
    publish_figures(library, claim(library, 1))
    return reading


def found(api: httpx2.Client, path: str) -> dict[str, Any]:
    answer = api.get(path)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def test_what_is_to_come_stands_beside_how_good_that_is(api: httpx2.Client) -> None:
    told = found(api, f"{KNOWN}/forecasts")

    steps, tried = told["data"]["forecasts"], told["data"]["forecast_accuracy"]
    assert [(one["metric"], one["horizon_weeks"]) for one in steps] == [
        ("commits", 1), ("commits", 2),
    ]  # fmt: skip
    assert (steps[0]["iso_week"], steps[0]["low_80"], steps[0]["high_80"]) == ("2026-06-01", 1, 9)
    assert [(one["metric"], one["reason"], one["mase"]) for one in tried] == [
        ("commits", None, 0.7), ("stars_gained", "too_short", None),
    ]  # fmt: skip
    assert told["meta"]["definition"] == "forecasts@1"


def test_an_odd_day_says_who_and_what_was_there(api: httpx2.Client) -> None:
    told = found(api, f"{KNOWN}/anomalies")

    (one,) = told["data"]
    assert (one["first_day"], one["observed_count"], one["expected_count"]) == (
        "2026-05-04", 41, 4.6,
    )  # fmt: skip
    assert (one["top_persons"], one["releases"]) == ([{"person": "ann", "count": 37}], ["v2"])
    assert told["meta"]["definition"] == "anomalies@1"


def test_they_are_insights_as_others_are(api: httpx2.Client) -> None:
    told = found(api, f"{KNOWN}/insights")["data"]

    assert (len(told["forecasts"]), len(told["anomalies"])) == (2, 1)
    one = found(api, f"{KNOWN}/insights/forecast_accuracy")
    assert one["meta"]["definition"] == "forecast-accuracy@1"


@pytest.mark.parametrize(
    ("path", "nothing"),
    [("forecasts", {"forecasts": [], "forecast_accuracy": []}), ("anomalies", [])],
)
def test_before_the_first_analysis_there_is_none(
    api: httpx2.Client, path: str, nothing: object
) -> None:
    told = found(api, f"{NEW}/{path}")

    assert (told["data"], told["meta"]["as_of"]) == (nothing, None)
    assert api.get(f"/api/v1/repositories/9/{path}").status_code == 404


@pytest.mark.parametrize("path", ["forecasts", "anomalies"])
def test_who_holds_them_is_told_that_nothing_has_changed(api: httpx2.Client, path: str) -> None:
    etag = api.get(f"{KNOWN}/{path}").headers["etag"]

    assert api.get(f"{KNOWN}/{path}", headers={"if-none-match": etag}).status_code == 304
