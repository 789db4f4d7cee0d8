"""The catalogue of definitions over HTTP."""

import httpx2
import pytest

from gitinsight.metrics.catalogue import metrics

METRICS = "/api/v1/metrics"


@pytest.fixture(scope="module")
def api(reading: httpx2.Client) -> httpx2.Client:
    return reading


def test_every_metric_is_told(api: httpx2.Client) -> None:
    found = api.get(METRICS).json()["data"]

    assert [one["definition"] for one in found] == [one.definition for one in metrics().values()]
    assert all(one["formula"] and one["sources"] and one["edge_cases"] for one in found)


def test_one_is_told_with_its_earlier_versions(api: httpx2.Client) -> None:
    found = api.get(f"{METRICS}/issue-first-response").json()

    told = metrics()["issue-first-response"]
    assert found["definition"] == "issue-first-response@2"
    assert (found["words"], found["formula"]) == (told.words, told.formula)
    assert found["sources"] == {"marts.repository_summary": ["issue_first_response_p50_hours"]}
    (earlier,) = found["earlier"]
    assert (earlier["definition"], earlier["formula"]) == (
        "issue-first-response@1", told.earlier[0].formula,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["nothing", "bus_factor", "bus-factor@1"])
def test_one_that_is_not_there_is_not_found(api: httpx2.Client, name: str) -> None:
    answer = api.get(f"{METRICS}/{name}")

    assert (answer.status_code, answer.json()["detail"]) == (
        404, f"metric {name} is not known here",
    )  # fmt: skip
