"""Changes show where GitHub shows them, and nowhere else."""

from typing import Any

import httpx2
import pytest

from tests.support.github import GitHub

REPO = "synthetic-labs/borealis"
ROOT = f"repos/{REPO}"
ISSUES = f"{ROOT}/issues?state=all&per_page=100"


def numbers(caller: httpx2.Client) -> dict[int, dict[str, Any]]:
    return {one["number"]: one for one in caller.get(ISSUES).raise_for_status().json()}


def plain(numbers: dict[int, dict[str, Any]], state: str = "open") -> int:
    return min(
        number for number, one in numbers.items()
        if "pull_request" not in one and one["state"] == state
    )  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("edit_issue", "issues"), ("reopen_issue", "issues"), ("merge_pull_request", "pulls"),
        ("rename_label", "labels"), ("edit_comment", "issues/comments"),
        ("delete_comment", "issues/comments"), ("new_star", "stargazers/count"),
        ("new_run", "actions/runs"), ("finish_run", "actions/runs"), ("rerun", "actions/runs"),
        ("new_deployment", "deployments"), ("new_release", "releases"), ("move_tag", "tags"),
        ("delete_tag", "tags"), ("force_push", "commits"),
    ],
)  # fmt: skip
def test_a_change_shows(caller: httpx2.Client, panel: GitHub, operation: str, path: str) -> None:
    parameters = {"state": "all", "per_page": "100"}
    path = f"{ROOT}/{path}"
    before = caller.get(path, params=parameters).json()

    panel.change(REPO, operation)

    assert caller.get(path, params=parameters).json() != before


@pytest.mark.parametrize("operation", ["edit_comment", "delete_comment", "rename_label"])
def test_a_silent_change_moves_no_issue(
    caller: httpx2.Client, panel: GitHub, operation: str
) -> None:
    before = {number: one["updated_at"] for number, one in numbers(caller).items()}

    panel.change(REPO, operation)

    assert {number: one["updated_at"] for number, one in numbers(caller).items()} == before


def test_a_transferred_issue_leads_to_where_it_went(caller: httpx2.Client, panel: GitHub) -> None:
    number = plain(numbers(caller), "closed")
    old = caller.get(f"{ROOT}/issues/{number}").json()

    panel.change(REPO, "transfer_issue", number=number, to="aurora")

    moved = caller.get(f"{ROOT}/issues/{number}")
    followed = caller.get(moved.headers["location"]).json()
    assert moved.status_code == 301
    assert followed["repository_url"].endswith("/aurora")
    assert followed["id"] != old["id"]
    assert (followed["title"], followed["comments"]) == (old["title"], old["comments"])
    assert caller.get(f"{ROOT}/issues/{number}/comments").status_code == 404
    assert number not in numbers(caller)
    found = node(caller, old["node_id"])
    assert found["errors"][0]["type"] == "NOT_FOUND"


def test_a_converted_issue_is_a_discussion_of_another_number(
    caller: httpx2.Client, panel: GitHub
) -> None:
    number = plain(numbers(caller), "closed")

    panel.change(REPO, "convert_issue", number=number)

    assert caller.get(f"{ROOT}/issues/{number}").status_code == 404
    assert discussions(caller)[0]["number"] > max(numbers(caller))


def test_a_discussion_moves_to_the_front_when_somebody_speaks(
    caller: httpx2.Client, panel: GitHub
) -> None:
    last = discussions(caller, "aurora")[-1]["number"]

    panel.change("synthetic-labs/aurora", "new_discussion_comment", number=last)

    assert discussions(caller, "aurora")[0]["number"] == last


def test_a_run_that_is_run_again_has_another_attempt(caller: httpx2.Client, panel: GitHub) -> None:
    path = f"{ROOT}/actions/runs?per_page=100"
    before = {run["id"]: run for run in caller.get(path).json()["workflow_runs"]}

    panel.change(REPO, "rerun")

    after = {run["id"]: run for run in caller.get(path).json()["workflow_runs"]}
    [changed] = [number for number in after if after[number] != before[number]]
    assert after[changed]["run_attempt"] == before[changed]["run_attempt"] + 1
    assert after[changed]["created_at"] == before[changed]["created_at"]
    assert before[changed]["status"] == "completed"
    assert (after[changed]["status"], after[changed]["conclusion"]) == ("in_progress", None)


def test_a_lagging_replica_shows_the_version_before_once(
    caller: httpx2.Client, panel: GitHub
) -> None:
    number = plain(numbers(caller))
    path = f"{ROOT}/issues/{number}"
    before = caller.get(path).json()
    panel.change(REPO, "edit_issue", number=number)
    panel.control(stale=True)

    assert caller.get(path).json() == before
    assert caller.get(path).json()["title"] == before["title"] + " (edited)"


def node(caller: httpx2.Client, identifier: str) -> dict[str, Any]:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    body = {"query": query, "variables": {"ids": [identifier]}}
    found: dict[str, Any] = caller.post("graphql", json=body).json()
    return found


def discussions(caller: httpx2.Client, name: str = "borealis") -> list[dict[str, Any]]:
    query = (
        f'{{ repository(owner: "synthetic-labs", name: "{name}") {{ discussions(first: 100,'
        " orderBy: {field: UPDATED_AT, direction: DESC}) { nodes { number } } } }"
    )
    answer = caller.post("graphql", json={"query": query}).raise_for_status().json()
    found: list[dict[str, Any]] = answer["data"]["repository"]["discussions"]["nodes"]
    return found
