"""The page that Prometheus scrapes, read as Prometheus reads it."""

import httpx2
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from gitinsight.settings import Settings
from tests.conftest import serving_api


def test_it_tells_of_checks_freshness_coverage_and_quarantine(analysed: Settings) -> None:
    with serving_api(analysed) as url:
        answer = httpx2.get(f"{url}/metrics").raise_for_status()

    found = {one.name: one.samples for one in text_string_to_metric_families(answer.text)}
    assert answer.headers["content-type"].startswith("text/plain")
    assert {sample.labels["status"] for sample in found["gitinsight_checks"]} == {"passed"}
    assert {sample.labels["tool"] for sample in found["gitinsight_checks"]} == {
        "completeness", "dbt", "great_expectations", "reconciliation"
    }  # fmt: skip
    (age,) = found["gitinsight_repository_freshness_seconds"]
    (target,) = found["gitinsight_repository_freshness_target_seconds"]
    assert age.labels == target.labels
    assert 0 < age.value < target.value == analysed.quality.fresh_hours * 3600
    assert {
        sample.labels["freshness"]: sample.value for sample in found["gitinsight_repositories"]
    } == {"fresh": 1, "stale": 0, "unpublished": 0}
    assert {sample.value for sample in found["gitinsight_coverage_ratio"]} == {1.0}
    assert found["gitinsight_quarantine_records"] == []
    assert [one.value for one in found["gitinsight_outbox_messages"]] == [0]
    assert [one.value for one in found["gitinsight_outbox_lag_seconds"]] == [0]


def test_a_warehouse_without_repositories_is_scraped_too(api: httpx2.Client) -> None:
    answer = api.get("/metrics")

    assert answer.status_code == 200
    assert 'gitinsight_repositories{freshness="fresh"} 0.0' in answer.text


def test_who_reads_openmetrics_is_told_an_answer_that_took_so_long(reading: httpx2.Client) -> None:
    reading.get("/health/live", headers={"X-Request-Id": "slow-0001"})

    told = reading.get("/metrics", headers={"Accept": "application/openmetrics-text"})

    assert told.headers["content-type"].startswith("application/openmetrics-text")
    found = {
        (sample.labels["route"], sample.exemplar.labels["request_id"])
        for family in openmetrics(told.text) if family.name == "gitinsight_http_request_seconds"
        for sample in family.samples if sample.exemplar
    }  # fmt: skip
    assert ("/health/live", "slow-0001") in found
