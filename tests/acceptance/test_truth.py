"""Every figure of the recorded repositories, as the API gives it, equals an independent count."""

import gzip
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gitinsight.settings import Settings
from tests.acceptance.conftest import REPLAY
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.analyses import analyse, follow, rows
from warehouse.engine import Engine

pytestmark = pytest.mark.timeout(1200)  # seven repositories are analysed first, twice each

REPOSITORIES = (
    "bitcoin-core/gui", "bitcoin/bips", "tlswg/tls13-spec", "mlswg/mls-protocol",
    "httpwg/http2-spec", "quicwg/ops-drafts", "quicwg/base-drafts",
)  # fmt: skip
COUNTS = {
    "issues": "issues_count", "issues_open": "issues_open_count",
    "issues_closed": "issues_closed_count", "pulls": "pull_requests_count",
    "pulls_open": "pull_requests_open_count", "pulls_merged": "pull_requests_merged_count",
    "pulls_closed_unmerged": "pull_requests_closed_unmerged_count",
    "pr_issue_objects_without_pull": "issues_without_pull_request_count",
    "issue_comments": "issue_comments_count",
    "issue_comments_on_issues": "issue_comments_on_issues_count",
    "issue_comments_on_pulls": "issue_comments_on_pull_requests_count",
    "reviews": "reviews_count", "review_comments": "review_comments_count",
    "events": "issue_events_count", "events_by_kind": "issue_events_by_kind",
    "commits_default_branch": "commits_incl_merges_count",
    "merge_commits_default_branch": "merge_commits_count", "milestones": "milestones_count",
    "tags": "tags_count", "releases": "releases_count", "forks": "forks_count",
    "stargazers": "stargazers_count", "subscribers": "subscribers_count",
    "workflow_runs": "workflow_runs_count", "deployments": "deployments_count",
}  # fmt: skip
WITHOUT_REMOTE = {"bitcoin/bips", "httpwg/http2-spec"}
"""Their recorded git bundles hold text where the real files are binary, so git counts lines that
nobody wrote; what GitHub says of the commits is recorded as it was."""
STATES = ("APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING")
METRICS = {
    "issues_with_first_response": "issues_with_first_response_declared_count",
    "median_hours_to_first_response_issues": "issue_first_response_declared_p50_hours",
    "pulls_with_first_response": "pull_requests_with_first_response_declared_count",
    "median_hours_to_first_response_pulls": "pull_request_first_response_declared_p50_hours",
    "median_hours_to_close_issues": "issue_close_p50_hours",
    "median_hours_to_merge": "pull_request_merge_p50_hours",
    "merge_rate_of_closed_pulls": "merge_rate_of_closed_declared_ratio",
    "unique_participants": "participants_declared_count",
    "unique_commit_author_emails": "commit_author_emails_count",
    "unique_commit_author_logins": "commit_author_logins_count",
    "contributors_by_login_or_email": "contributors_by_login_or_email_count",
    "bus_factor_by_email": "bus_factor_by_email_count",
    "bus_factor_by_login_or_email": "bus_factor_by_login_or_email_count",
    "reviews_per_pull": "reviews_per_pull_request_declared_ratio",
    "median_reviews_per_pull": "reviews_per_pull_request_p50",
    "pulls_with_review_by_other": "pull_requests_reviewed_by_other_count",
    "comments_per_issue": "comments_per_issue_declared_ratio",
    "lines_added_default_branch": "lines_added_count",
    "lines_deleted_default_branch": "lines_deleted_count",
}  # fmt: skip
SERIES = {
    "commits_by_author_date": "commits_authored_incl_merges_count",
    "commits_by_committer_date": "commits_incl_merges_count",
    "issues_opened": "issues_opened_count", "issues_closed": "issues_closed_count",
    "pulls_opened": "pull_requests_opened_count", "pulls_merged": "pull_requests_merged_count",
}  # fmt: skip


class Answers:
    """What the API says about one repository."""

    def __init__(self, client: httpx2.Client, full_name: str) -> None:
        self._client = client
        found = self._get(f"/api/v1/repositories/by-name/{full_name}")
        self._base = f"/api/v1/repositories/{found['repository_id']}"
        self._repository_id: int = found["repository_id"]

    def summary(self) -> dict[str, Any]:
        """``data`` with the envelope's ``meta``."""
        return self._get(f"{self._base}/summary")

    def completeness(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get(f"{self._base}/completeness")["data"]["things"]
        return found

    def by_month(self, metric: str) -> dict[str, int]:
        """Months in which there was anything."""
        answer = self._get(f"{self._base}/metrics/{metric}", every="month")
        return {one["at"][:7]: one["value"] for one in answer["data"] if one["value"]}

    def contributors(self) -> Iterator[dict[str, Any]]:
        cursor = None
        while True:
            page = self._get(
                "/api/v1/marts/contributor/rows", repository_id=self._repository_id, limit=500,
                **({"cursor": cursor} if cursor else {}),
            )  # fmt: skip
            yield from page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _get(self, path: str, **parameters: Any) -> dict[str, Any]:
        answer = self._client.get(path, params=parameters).raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def answers(replayed: tuple[Settings, Engine]) -> Iterator[dict[str, Answers]]:
    settings, warehouse = replayed
    for name in REPOSITORIES:
        if name in WITHOUT_REMOTE:
            _cut_off_git(warehouse, follow(settings, warehouse, name))
        job = analyse(settings, warehouse, name)
        assert job.state in {"succeeded", "partial"}, job.error_detail
    with serving_api(settings) as url:
        headers = {"authorization": f"Bearer {ADMIN_KEY}"}
        with httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
            yield {name: Answers(client, name) for name in REPOSITORIES}


def test_no_recorded_repository_is_left_out(truth: dict[str, Any]) -> None:
    assert set(REPOSITORIES) == truth.keys()


@pytest.mark.parametrize("name", REPOSITORIES)
def test_every_count_is_equal(
    name: str, answers: dict[str, Answers], truth: dict[str, Any]
) -> None:
    summary = answers[name].summary()
    expected = truth[name]["counts"]
    # GitHub shows cross-references in the timeline of each issue and in no list of events.
    expected["events"] -= expected["events_by_kind"].pop("cross-referenced", 0)

    found = {key: summary["data"][column] for key, column in COUNTS.items()}
    found["labels"] = summary["meta"]["coverage"]["labels"]["upstream"]
    found["reviews_by_state"] = {
        state: count
        for state in STATES
        if (count := summary["data"][f"reviews_{state.lower()}_count"])
    }

    assert found == expected


@pytest.mark.parametrize("name", REPOSITORIES)
def test_no_check_fails_that_the_ledger_does_not_explain(
    name: str, answers: dict[str, Answers]
) -> None:
    explained = {
        f"completeness:{one['thing']}" for one in answers[name].completeness() if one["reason"]
    }

    quality = answers[name].summary()["meta"]["quality"]

    assert quality["status"] in {"passed", "warned"}
    assert set(quality["failed_checks"]) - explained == set()


@pytest.mark.parametrize("name", REPOSITORIES)
def test_every_metric_is_equal(
    name: str, answers: dict[str, Answers], truth: dict[str, Any]
) -> None:
    summary = answers[name].summary()["data"]

    found = {key: _rounded(summary[column]) for key, column in METRICS.items()}

    assert found == truth[name]["metrics"]


@pytest.mark.parametrize("name", REPOSITORIES)
def test_every_month_is_equal(
    name: str, answers: dict[str, Answers], truth: dict[str, Any]
) -> None:
    found = {key: answers[name].by_month(metric) for key, metric in SERIES.items()}

    assert found == truth[name]["by_month"]


def test_what_no_release_holds_is_what_git_counts(
    answers: dict[str, Answers], tmp_path: Path
) -> None:
    name = "quicwg/ops-drafts"
    folder = name.replace("/", "__")
    with gzip.open(REPLAY / "data" / "repos" / folder / "releases.jsonl.gz", "rt") as lines:
        tags = [json.loads(line)["tag_name"] for line in lines]
    bundle = REPLAY / "data" / "git" / f"{folder}.bundle"
    subprocess.run(["git", "clone", "--quiet", "--bare", bundle, tmp_path], check=True)

    counted = subprocess.run(
        ["git", "rev-list", "--count", "--no-merges", "main", "--not", *tags],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip

    summary = answers[name].summary()["data"]
    assert summary["commits_since_release_count"] == int(counted.stdout) > 0


@pytest.mark.parametrize("name", REPOSITORIES)
def test_the_first_among_authors_and_reviewers_are_equal(
    name: str, answers: dict[str, Answers], truth: dict[str, Any]
) -> None:
    people = list(answers[name].contributors())

    commits = Counter({one["person"]: one["commits_count"] for one in people})
    reviews = Counter(
        {
            one["person"]: one["reviews_count"]
            for one in people
            if not one["is_declared_bot"] and one["actor_class"] != "ghost"
        }
    )

    # Among equals the order is nobody's fact: their numbers count, and that each has its own.
    for counter, key in ((commits, "top_commit_authors"), (reviews, "top_reviewers")):
        expected = truth[name][key]
        assert [count for _, count in counter.most_common(5) if count] == [
            count for _, count in expected
        ]
        assert {person: counter[person] for person, _ in expected} == dict(expected)


@pytest.mark.parametrize("name", REPOSITORIES)
def test_the_newest_change_is_equal(
    name: str, answers: dict[str, Answers], truth: dict[str, Any]
) -> None:
    assert answers[name].summary()["data"]["newest_updated_at"] == truth[name]["newest_updated_at"]


def test_the_model_takes_programs_for_programs_and_nobody_else(
    answers: dict[str, Answers], replayed: tuple[Settings, Engine]
) -> None:
    """Every account that it judged was looked at by hand; DrahtBot is in the list."""
    judged = rows(
        replayed[1],
        "select login, bot_probability, bot_source from marts.dim_actor where bot_model is not null"
        " and (bot_source is null or bot_source = 'model')",
    )

    assert len(answers) == len(REPOSITORIES)
    assert len(judged) > 150
    assert {login for login, _, source in judged if source == "model"} == {"ekr-aibot"}
    assert max(said for _, said, source in judged if source is None) < 0.25


def _cut_off_git(warehouse: Engine, repository_id: int) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.repositories set clone_url = clone_url || '.none' where repository_id = %s",
            (repository_id,),
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
