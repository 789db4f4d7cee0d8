"""What is known about one repository, over HTTP."""

from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.support.marts import make, publish_figures
from tests.support.rows import AT, add_repository, claim
from tests.support.waiting import wait_for
from warehouse import completeness, insights, publish, quality
from warehouse.completeness import judge
from warehouse.engine import Engine
from warehouse.quality import Check

JOB = UUID(int=1)
FACTOR = {
    "window_days": 365, "caf_50_count": 2, "caf_80_count": None, "hhi_ratio": 0.21,
    "gini_ratio": None, "commits_count": 812, "persons_count": 19,
    "top_persons": [{"person": "ann", "commits_count": 301}], "as_of": AT,
    "definition": "bus-factor@1", "job_id": JOB,
}  # fmt: skip
LATENCY = {
    "subject": "issues", "opened_count": 5, "answered_count": 0, "censored_count": 5,
    "p50_hours": None, "p75_hours": None, "p90_hours": None, "km_p50_hours": None,
    "within_48_hours_ratio": 0.0, "as_of": AT, "definition": "review-latency@1", "job_id": JOB,
}  # fmt: skip
PATHS = (
    "summary", "insights", "insights/bus_factor", "completeness", "contributors",
    "health-score", "sentiment", "code-quality", "metrics/commits_count",
)  # fmt: skip
HEALTH = """
    repository_id bigint, iso_week date, score double precision, missing jsonb,
    primary key (repository_id, iso_week)
"""
SENTIMENT = """
    repository_id bigint, every text, starts_on date, sentiment_index double precision,
    primary key (repository_id, every, starts_on)
"""
CODE = """
    repository_id bigint, every text, snapshot text, language text, nloc bigint,
    primary key (repository_id, every, snapshot, language)
"""


KNOWN = "/api/v1/repositories/1"
NEW = "/api/v1/repositories/2"


@pytest.fixture(scope="module")
def api(reading: httpx2.Client, library: Engine) -> httpx2.Client:
    """Of a repository with figures, insights, a gap and a check that warns, and of a new one."""
    add_repository(library)
    add_repository(library, "octo/site", github_id=2)
    job = claim(library, 1)
    entries = {"issues": judge("issues", 479, 479), "tags": judge("tags", 3, None)}
    checks = [
        Check("volume:issues", "dbt", "raw.github_issues", "block", "passed"),
        Check("drift:login", "great_expectations", "marts.contributor", "warn", "failed", 1),
    ]
    with library.begin() as connection:
        make(
            connection, "marts.health_score", HEALTH,
            (1, "2026-01-05", 41.5, '["quality"]'), (1, "2026-01-12", None, '["quality"]'),
            (2, "2026-01-05", 12.5, '["quality"]'),
        )  # fmt: skip
        make(
            connection, "marts.sentiment_daily", SENTIMENT,
            (1, "day", "2026-01-05", 0.1), (1, "day", "2026-01-06", None),
            (1, "week", "2026-01-05", 0.3), (2, "week", "2026-01-05", 0.9),
        )  # fmt: skip
        make(
            connection, "marts.code_quality", CODE, (1, "week", "2026-01-05", "all", 7),
            (1, "release", "v1", "all", 5), (2, "week", "2026-01-05", "all", 9),
        )  # fmt: skip
        insights.store(connection, 1, "bus_factor", [FACTOR])
        insights.store(connection, 1, "review_latency", [LATENCY])
        completeness.record(connection, 1, entries, at=AT, job_id=job.job_id)
        quality.record(connection, checks, job_id=job.job_id, repository_id=1, at=AT)
    publish_figures(library, job)
    return reading


DEFINITIONS = {
    "insights/bus_factor": "bus-factor@1", "metrics/commits_count": "commits@1",
    "health-score": "health-score@3", "sentiment": "sentiment@1", "code-quality": "code-health@1",
}  # fmt: skip
"""Of what is one metric; the others are answers of several."""


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_says_how_sure_it_is(api: httpx2.Client, path: str) -> None:
    meta = api.get(f"{KNOWN}/{path}").json()["meta"]

    assert (meta["as_of"], meta["verified_at"]) == ("2026-06-01T12:00:00Z", None)
    assert meta["coverage"] == {
        "issues": {"upstream": 479, "held": 479, "ratio": 1.0},
        "tags": {"upstream": 3, "held": None, "ratio": None},
    }
    assert meta["quality"] == {"status": "warned", "failed_checks": ["drift:login"]}
    assert meta["definition"] == DEFINITIONS.get(path)


def test_an_answer_stands_until_the_next_publication(api: httpx2.Client, library: Engine) -> None:
    paths = [f"{KNOWN}/{path}" for path in PATHS if path != "completeness"]
    first = [api.get(path) for path in paths]
    held = [{"if-none-match": answer.headers["etag"]} for answer in first]
    again = [api.get(path, headers=headers) for path, headers in zip(paths, held, strict=True)]
    with library.begin() as connection:
        publish.publish(
            connection, 1, job_id=JOB, as_of=AT, at=AT, quality_status="passed", rows={}
        )
    later = []
    for path, headers in zip(paths, held, strict=True):
        wait_for(lambda: api.get(path, headers=headers).status_code == 200, seconds=1)  # noqa: B023
        later.append(api.get(path, headers=headers))

    assert {(answer.status_code, answer.content) for answer in again} == {(304, b"")}
    assert [one.headers["etag"] for one in again] == [one.headers["etag"] for one in first]
    assert {answer.status_code for answer in later} == {200}


@pytest.mark.parametrize("path", PATHS)
def test_a_repository_that_is_not_followed_is_not_found(api: httpx2.Client, path: str) -> None:
    answer = api.get(f"/api/v1/repositories/9/{path}")

    assert (answer.status_code, answer.json()["detail"]) == (404, "repository 9 is not known here")


class TestSummary:
    @pytest.mark.parametrize("lane", ["/api/v1", "/api/v1/fast"])
    def test_it_is_the_row_and_what_is_unknown_is_null(self, api: httpx2.Client, lane: str) -> None:
        found = api.get(KNOWN.replace("/api/v1", lane) + "/summary").json()

        assert found["data"] == {
            "repository_id": 1, "issues_count": 479, "forks_count": None, "p50_hours": 2.5,
        }  # fmt: skip

    def test_one_without_figures_has_none_yet(self, api: httpx2.Client) -> None:
        answer = api.get(f"{NEW}/summary")

        assert (answer.status_code, answer.json()["detail"]) == (
            404, "summary of repository 2 is not known here",
        )  # fmt: skip


class TestCompleteness:
    def test_every_thing_and_every_check_is_told(self, api: httpx2.Client) -> None:
        data = api.get(f"{KNOWN}/completeness").json()["data"]

        things = {one["thing"]: one for one in data["things"]}
        assert (things["issues"]["state"], things["issues"]["held_count"]) == ("complete", 479)
        assert (things["tags"]["held_count"], things["tags"]["reason"]) == (
            None, "only the total is kept",
        )  # fmt: skip
        assert [(one["check_name"], one["status"]) for one in data["checks"]] == [
            ("drift:login", "failed"), ("volume:issues", "passed"),
        ]  # fmt: skip

    def test_before_the_first_analysis_nothing_is_known(self, api: httpx2.Client) -> None:
        found = api.get(f"{NEW}/completeness").json()

        assert found["data"] == {"things": [], "checks": []}
        assert (found["meta"]["as_of"], found["meta"]["quality"]["status"]) == (None, "unknown")


class TestInsights:
    def test_all_of_them(self, api: httpx2.Client) -> None:
        data = api.get(f"{KNOWN}/insights").json()["data"]

        assert data.keys() == {
            "anomalies", "bus_factor", "forecast_accuracy", "forecasts", "review_centrality",
            "review_latency", "truck_factor",
        }  # fmt: skip
        assert data["review_latency"][0]["p50_hours"] is None

    def test_one_with_its_evidence_and_definition(self, api: httpx2.Client) -> None:
        found = api.get(f"{KNOWN}/insights/bus_factor").json()

        (factor,) = found["data"]
        assert factor["top_persons"] == [{"person": "ann", "commits_count": 301}]
        assert (factor["caf_50_count"], factor["caf_80_count"]) == (2, None)
        assert found["meta"]["definition"] == factor["definition"] == "bus-factor@1"

    def test_one_that_was_not_computed_yet_is_empty(self, api: httpx2.Client) -> None:
        found = api.get(f"{NEW}/insights/bus_factor").json()

        assert (found["data"], found["meta"]["definition"]) == ([], "bus-factor@1")

    @pytest.mark.parametrize("name", ["nothing", "BUS_FACTOR", "bus_factor%20union"])
    def test_one_that_there_is_not_is_not_found(self, api: httpx2.Client, name: str) -> None:
        assert api.get(f"{KNOWN}/insights/{name}").status_code == 404


def test_contributors_come_page_by_page(api: httpx2.Client) -> None:
    first = api.get(f"{KNOWN}/contributors", params={"limit": 2}).json()
    rest = api.get(
        f"{KNOWN}/contributors", params={"limit": 2, "cursor": first["next_cursor"]}
    ).json()

    assert [one["person"] for one in (*first["data"], *rest["data"])] == ["ann", "bob", "eve"]
    assert rest["next_cursor"] is None
    assert api.get(f"{KNOWN}/contributors", params={"cursor": "x"}).status_code == 422


def test_the_health_score_of_one_repository_comes_by_week(api: httpx2.Client) -> None:
    found = api.get(f"{KNOWN}/health-score").json()

    assert [(one["iso_week"], one["score"]) for one in found["data"]] == [
        ("2026-01-05", 41.5), ("2026-01-12", None),
    ]  # fmt: skip
    assert found["data"][0]["missing"] == ["quality"]
    assert found["meta"]["definition"] == "health-score@3"


@pytest.mark.parametrize(
    ("query", "expected"),
    [({}, [("2026-01-05", 0.3)]), ({"every": "week"}, [("2026-01-05", 0.3)]),
     ({"every": "day"}, [("2026-01-05", 0.1), ("2026-01-06", None)])],
)  # fmt: skip
def test_sentiment_comes_by_week_or_by_day(
    api: httpx2.Client, query: dict[str, str], expected: list[tuple[str, float | None]]
) -> None:
    found = api.get(f"{KNOWN}/sentiment", params=query).json()

    assert [(one["starts_on"], one["sentiment_index"]) for one in found["data"]] == expected
    assert api.get(f"{KNOWN}/sentiment", params={"every": "person"}).status_code == 422


class TestMetrics:
    @staticmethod
    def series(api: httpx2.Client, **query: str) -> list[tuple[str, int | None]]:
        found = api.get(f"{KNOWN}/metrics/commits_count", params=query).json()["data"]
        return [(one["at"], one["value"]) for one in found]

    def test_by_day_and_null_where_unknown(self, api: httpx2.Client) -> None:
        assert self.series(api) == [
            ("2026-01-05", 3), ("2026-01-06", 4), ("2026-01-12", None),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"every": "week"}, [("2026-01-05", 7), ("2026-01-12", None)]),
            ({"every": "month"}, [("2026-01-01", None)]),
            ({"from": "2026-01-06", "to": "2026-01-06"}, [("2026-01-06", 4)]),
            ({"actors": "human", "to": "2026-01-06"}, [("2026-01-05", 2), ("2026-01-06", 4)]),
        ],
    )
    def test_as_it_is_asked_for(
        self, api: httpx2.Client, query: dict[str, str],
        expected: list[tuple[str, int | None]],
    ) -> None:  # fmt: skip
        assert self.series(api, **query) == expected

    @pytest.mark.parametrize(
        ("metric", "query"),
        [("nothing", {}), ("repository_id", {}), ("day", {}),
         ("lines_added_count", {"actors": "human"}), ("active_persons_count", {"every": "week"})],
    )  # fmt: skip
    def test_a_metric_that_there_is_not_is_not_found(
        self, api: httpx2.Client, metric: str, query: dict[str, str]
    ) -> None:
        assert api.get(f"{KNOWN}/metrics/{metric}", params=query).status_code == 404

    @pytest.mark.parametrize(
        "query",
        [{"every": "year"}, {"actors": "robots"}, {"from": "yesterday"}, {"to": "2026-02-30"}],
    )
    def test_what_cannot_be_meant_is_not_valid(
        self, api: httpx2.Client, query: dict[str, Any]
    ) -> None:
        assert api.get(f"{KNOWN}/metrics/commits_count", params=query).status_code == 422


@pytest.mark.parametrize(("query", "expected"), [({}, [7]), ({"every": "release"}, [5])])
def test_code_comes_by_week_or_by_release(
    api: httpx2.Client, query: dict[str, str], expected: list[int]
) -> None:
    found = api.get(f"{KNOWN}/code-quality", params=query).json()

    assert [one["nloc"] for one in found["data"]] == expected
    assert api.get(f"{KNOWN}/code-quality", params={"every": "day"}).status_code == 422
