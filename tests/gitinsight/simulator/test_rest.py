"""What REST shows beyond the lists of conversations."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from gitinsight.simulator.organisation import Organisation, wider_truth
from tests.support.github import GitHub

REPO = "synthetic-labs/aurora"
AURORA = f"repos/{REPO}"
HELD = Organisation(1).repositories["aurora"]
TRUTH = wider_truth(HELD)


def every(caller: httpx2.Client, path: str, envelope: str | None = None) -> list[Any]:
    answer = caller.get(path).raise_for_status()
    records: list[Any] = []
    while True:
        found = answer.json()
        records += found[envelope] if envelope else found
        if "next" not in answer.links:
            return records
        answer = caller.get(answer.links["next"]["url"]).raise_for_status()


def test_stars_are_shown_by_week_newest_first_and_sum_up(caller: httpx2.Client) -> None:
    first = caller.get(f"{AURORA}/stargazers/history", params={"per_page": "100"})
    weeks = every(caller, f"{AURORA}/stargazers/history")

    assert len(first.json()) == 30
    assert sum(one["total"] for one in weeks) == TRUTH["stars"]
    assert caller.get(AURORA).json()["stargazers_count"] == TRUTH["stars"]
    assert all(sum(one["days"]) == one["total"] for one in weeks)
    starts = [one["week"] for one in weeks]
    assert starts == sorted(starts, reverse=True)
    assert {before - after for before, after in pairwise(starts)} == {604_800}
    assert datetime.fromtimestamp(starts[0], UTC).strftime("%A %H") == "Sunday 00"


def test_who_gave_a_star_is_not_told(caller: httpx2.Client) -> None:
    assert caller.get(f"{AURORA}/stargazers").status_code == 403


def test_runs_are_found_by_when_they_were_made(caller: httpx2.Client) -> None:
    everything = every(caller, f"{AURORA}/actions/runs?per_page=50", "workflow_runs")
    middle = everything[60]["created_at"]
    last = everything[0]["created_at"]

    part = caller.get(f"{AURORA}/actions/runs", params={"created": f"{middle}..{last}"}).json()

    assert len(everything) == TRUTH["workflow_runs"]
    assert part["total_count"] == 61
    assert len(part["workflow_runs"]) == 30
    day = caller.get(f"{AURORA}/actions/runs", params={"created": middle[:10]}).json()
    assert {one["created_at"][:10] for one in day["workflow_runs"]} == {middle[:10]}


def test_a_filtered_search_ends_early_and_still_tells_its_total(
    caller: httpx2.Client, panel: GitHub
) -> None:
    panel.control(run_cap=20)
    path = f"{AURORA}/actions/runs?created=2026-01-01..2027-01-01&per_page=15"

    assert len(every(caller, path, "workflow_runs")) == 20
    assert caller.get(path).json()["total_count"] == TRUTH["workflow_runs"]


def test_jobs_of_every_attempt_are_shown_where_they_are_asked_for(caller: httpx2.Client) -> None:
    run = next(one for one in HELD.runs if one["run_attempt"] == 2)
    path = f"{AURORA}/actions/runs/{run['id']}/jobs"

    assert caller.get(path).json()["total_count"] == 2
    assert caller.get(path, params={"filter": "all"}).json()["total_count"] == 4


def test_deployments_name_a_commit_and_have_statuses(caller: httpx2.Client) -> None:
    commits = {one["sha"] for one in every(caller, f"{AURORA}/commits?per_page=100")}
    found = every(caller, f"{AURORA}/deployments")
    statuses = caller.get(found[-1]["statuses_url"]).json()

    assert len(found) == TRUTH["deployments"]
    assert {one["sha"] for one in found} <= commits
    assert statuses[0]["state"] == "success"


@pytest.mark.parametrize("part", ["reviews", "comments", "commits", "files"])
def test_the_parts_of_one_pull_request_are_listed(caller: httpx2.Client, part: str) -> None:
    counts = {
        "reviews": lambda number, _: sum(one["number"] == number for one in HELD.reviews),
        "comments": lambda number, _: sum(one["number"] == number for one in HELD.review_comments),
        "commits": lambda _, pull: pull["commits"],
        "files": lambda _, pull: pull["files"],
    }  # fmt: skip
    number = max(HELD.pulls, key=lambda one: counts[part](one, HELD.pulls[one]))

    found = every(caller, f"{AURORA}/pulls/{number}/{part}?per_page=100")

    assert len(found) == counts[part](number, HELD.pulls[number]) > 1


def test_one_issue_and_one_pull_request_are_shown_by_themselves(caller: httpx2.Client) -> None:
    number = max(HELD.pulls)
    shown = caller.get(f"{AURORA}/pulls/{number}").json()

    assert (shown["number"], shown["changed_files"]) == (number, HELD.pulls[number]["files"])
    comments = every(caller, f"{AURORA}/issues/1/comments")
    assert len(comments) == HELD.issues[1]["comments"]


def test_what_describes_a_repository_is_shown(caller: httpx2.Client) -> None:
    assert caller.get(f"{AURORA}/languages").json() == HELD.languages
    assert caller.get(f"{AURORA}/topics").json() == {"names": ["synthetic"]}
    assert caller.get(f"{AURORA}/community/profile").json()["files"]["readme"]
    assert len(every(caller, f"{AURORA}/forks")) == TRUTH["forks"]
    assert len(caller.get(f"{AURORA}/releases").json()[0]["assets"]) == 2


def test_owners_and_their_repositories_are_shown(caller: httpx2.Client) -> None:
    names = {one["name"] for one in caller.get("orgs/synthetic-labs/repos").json()}

    assert names == {"aurora", "borealis", "empty-repo"}
    assert caller.get("orgs/synthetic-labs").json()["public_repos"] == 3
    assert caller.get("users/ada").json()["type"] == "User"
    assert caller.get("users/ada/repos").json() == []
    assert caller.get("users/nobody").status_code == 404


def test_asking_for_the_limits_is_free(caller: httpx2.Client) -> None:
    before, after = (caller.get("rate_limit").json()["resources"]["core"] for _ in range(2))

    assert before == after
    assert before["limit"] == 5000


@pytest.mark.parametrize(
    ("state", "path", "status"),
    [
        ("private", AURORA, 404), ("blocked", f"{AURORA}/issues", 451), ("disabled", AURORA, 403),
        ("forbidden", AURORA, 403), ("sso", AURORA, 403),
        ("no_issues", f"{AURORA}/issues", 410), ("no_issues", AURORA, 200),
    ],
)  # fmt: skip
def test_a_repository_can_be_in_states_that_hide_it(
    caller: httpx2.Client, panel: GitHub, state: str, path: str, status: int
) -> None:
    panel.control(state={REPO: state})

    assert caller.get(path).status_code == status
    panel.control(calm=True)
    assert caller.get(path).status_code == 200


def test_the_reason_of_a_block_is_told(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(state={REPO: "blocked"})

    assert caller.get(AURORA).json()["block"]["reason"] == "dmca"


def test_a_redirect_can_lead_nowhere(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(state={REPO: "redirect_loop"})

    with pytest.raises(httpx2.TooManyRedirects):
        caller.get(AURORA, follow_redirects=True)


def test_deep_pages_can_be_refused(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(page_cap=2)
    pages = {"state": "all", "per_page": "10"}

    assert caller.get(f"{AURORA}/issues", params={**pages, "page": "2"}).status_code == 200
    assert caller.get(f"{AURORA}/issues", params={**pages, "page": "3"}).status_code == 422
