"""Insight models over what dbt has made: with their evidence, and only of what is known."""

import pytest

from flows.steps.insights import compute
from gitinsight.settings import Settings
from tests.support.analyses import attempting
from warehouse.engine import Engine, make_engine

NAME = "synthetic-labs/borealis"


def test_each_insight_comes_with_its_evidence(analysed: Settings) -> None:
    warehouse = make_engine(analysed.warehouse_url, process="test")
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update intermediate.int_reviews set submitted_at ="
            " (select data_as_of from intermediate.int_repositories)"
        )
    with attempting(analysed, warehouse, NAME) as run:
        found = compute(run).rows
    warehouse.dispose()

    factors = {row["window_days"]: row for row in found["bus_factor"]}
    latencies = {row["subject"]: row for row in found["review_latency"]}
    assert factors.keys() == {0, 365}
    assert factors[0]["commits_count"] > 0
    assert len(factors[0]["top_persons"]) <= 10
    assert latencies.keys() == {"issues", "pull_requests"}
    assert all(
        row["answered_count"] + row["censored_count"] == row["opened_count"]
        for row in latencies.values()
    )
    central = found["review_centrality"]
    assert sum(row["reviews_given_count"] for row in central) > 0
    for what in ("reviews_{}_count", "{}s_count"):
        given, taken = ("given", "received") if "reviews" in what else ("author", "reviewer")
        assert sum(row[what.format(given)] for row in central) == sum(
            row[what.format(taken)] for row in central
        )
    assert {row["definition"] for row in found["bus_factor"]} == {"bus-factor@1"}
    (truck,) = found["truck_factor"]
    assert truck["definition"] == "truck-factor@1"
    assert 1 <= truck["truck_factor_count"] <= truck["authors_count"]
    assert truck["files_count"] >= truck["top_persons"][0]["files_count"] > 0


def test_files_that_no_source_tells_have_no_truck_factor(analysed: Settings) -> None:
    warehouse: Engine = make_engine(analysed.warehouse_url, process="test")
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update intermediate.int_commits set lines_added_handwritten_count = null"
        )

    with attempting(analysed, warehouse, NAME) as run:
        found = compute(run).rows["truck_factor"]
    warehouse.dispose()

    assert found == []


@pytest.mark.parametrize("is_known", [True, False])
def test_nothing_is_said_of_what_was_not_read(analysed: Settings, *, is_known: bool) -> None:
    warehouse: Engine = make_engine(analysed.warehouse_url, process="test")
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            f"update intermediate.int_coverage set knows_pull_request_responses = {is_known}"
        )

    with attempting(analysed, warehouse, NAME) as run:
        found = compute(run).rows["review_latency"]
    warehouse.dispose()

    assert ("pull_requests" in {row["subject"] for row in found}) is is_known


def test_nobody_waits_for_an_answer_to_a_draft(analysed: Settings) -> None:
    warehouse: Engine = make_engine(analysed.warehouse_url, process="test")
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update candidate.pull_request_cycle_time set ready_at = null"
            " where number = (select min(number) from candidate.pull_request_cycle_time)"
        )
        ready_count = connection.exec_driver_sql(
            "select count(ready_at) from candidate.pull_request_cycle_time"
        ).scalar_one()

    with attempting(analysed, warehouse, NAME) as run:
        found = compute(run).rows["review_latency"]
    warehouse.dispose()

    [pulls] = [row for row in found if row["subject"] == "pull_requests"]
    assert pulls["opened_count"] == ready_count
