"""Forecasts and odd days of a repository that was analysed, from its own marts."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from flows.steps import trends
from gitinsight.settings import Settings
from tests.support.analyses import count, rows
from warehouse import insights
from warehouse.engine import Engine, driver, make_engine


@pytest.fixture
def analysed_warehouse(analysed: Settings) -> Iterator[Engine]:
    engine = make_engine(analysed.warehouse_url, process="test")
    yield engine
    engine.dispose()


def test_every_series_that_is_known_is_forecast_or_says_why_not(
    analysed_warehouse: Engine,
) -> None:
    with analysed_warehouse.begin() as connection:
        [(repository_id,)] = driver(connection).execute(
            "select repository_id from ops.repositories"
        )
        steps, accuracy = trends.forecasts(connection, repository_id)
        last_week = driver(connection).execute(
            "select max(iso_week) from marts.weekly_activity where is_complete"
        ).fetchall()[0][0]  # fmt: skip

    assert {one["metric"] for one in accuracy} >= {"commits", "issues_opened"}
    for metric in {one["metric"] for one in accuracy}:
        mine = [one for one in steps if one["metric"] == metric]
        tried = [one for one in accuracy if one["metric"] == metric]
        shown = [one["method"] for one in tried if one["is_shown"]]
        assert len(mine) == 8 * len(shown)
        assert shown or all(one["reason"] for one in tried)
        assert {one["method"] for one in mine} == set(shown)
        assert [one["iso_week"] for one in mine] == [
            last_week + timedelta(weeks=ahead + 1) for ahead in range(len(mine))
        ]


def test_an_odd_day_comes_with_who_and_what_was_there(analysed_warehouse: Engine) -> None:
    with analysed_warehouse.begin() as connection:
        [(repository_id, as_of)] = driver(connection).execute(
            "select repository_id, data_as_of from intermediate.int_repositories"
        )
        day = as_of.date() - timedelta(days=10)
        driver(connection).execute(
            "update candidate.daily_activity set commits_human_count ="
            " case when day = %s then 300 else 1 end",
            (day,),
        )
        driver(connection).execute(
            "update intermediate.int_contributions set made_at = %s where kind = 'commit'",
            (as_of - timedelta(days=10),),
        )
        driver(connection).execute(
            "update intermediate.int_releases set released_at = %s", (as_of - timedelta(days=10),)
        )
        found = trends.odd_days(connection, repository_id, as_of=as_of)

    (spike,) = (one for one in found if one["metric"] == "commits" and one["days_count"] == 1)
    assert (spike["first_day"], spike["observed_count"]) == (day, 300)
    assert spike["expected_count"] == 1
    assert 1 <= len(spike["top_persons"]) <= 3
    assert spike["releases"]


def test_they_are_published_with_the_other_insights(analysed_warehouse: Engine) -> None:
    assert count(analysed_warehouse, "insights.forecast_accuracy") > 0
    named = rows(analysed_warehouse, "select distinct definition from insights.forecast_accuracy")
    assert named == [("forecast-accuracy@1",)]
    assert set(insights.ORDER) >= {"anomalies", "forecasts", "forecast_accuracy"}
