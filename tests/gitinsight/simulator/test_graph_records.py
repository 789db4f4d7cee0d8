"""Records as GraphQL shows them, page by page."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from gitinsight.simulator.organisation import Organisation, wider_truth

AURORA = Organisation(1).repositories["aurora"]
TRUTH = wider_truth(AURORA)
PAGED = "totalCount pageInfo { hasNextPage endCursor } nodes"
_REPOSITORY = 'query($after: String) { repository(owner: "synthetic-labs", name: "aurora")'
_COMMIT = """{ id commit { oid messageHeadline authoredDate committedDate additions deletions
    author { name email user { login databaseId } } } }"""


@pytest.fixture
def every(caller: httpx2.Client) -> Callable[[str, str, str], list[dict[str, Any]]]:
    """All nodes of a connection of the repository, or of the node that ``parent`` selects."""

    def read(parent: str, name: str, fields: str) -> list[dict[str, Any]]:
        separator = "," if name.endswith(")") else "("
        field = (
            f"{name.removesuffix(')')}{separator} first: 25 after: $after) {{ {PAGED} {fields} }}"
        )
        query = f"{_REPOSITORY} {{ found: {field} }} }}"
        if parent:
            query = (
                f'query($after: String) {{ found: node(id: "{parent}")'
                f" {{ ... on PullRequest {{ found: {field} }} }} }}"
            )
        nodes: list[dict[str, Any]] = []
        after = None
        while True:
            body = {"query": query, "variables": {"after": after}}
            answer = caller.post("graphql", json=body).json()
            assert "errors" not in answer, answer
            (holder,) = answer["data"].values()
            page = holder["found"]
            nodes += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                assert page["totalCount"] == len(nodes)
                return nodes
            after = page["pageInfo"]["endCursor"]

    return read


def test_every_deployment_has_its_statuses_and_a_commit(every: Any) -> None:
    fields = """{ databaseId environment createdAt creator { login } ref { name } commitOid
        commit { oid } state statuses(first: 10) { totalCount nodes { state createdAt } } }"""

    found = every("", "deployments(orderBy: {field: CREATED_AT, direction: DESC})", fields)

    assert len(found) == TRUTH["deployments"]
    assert sum(one["statuses"]["totalCount"] for one in found) == TRUTH["deployment_statuses"]
    assert any(one["statuses"]["totalCount"] > len(one["statuses"]["nodes"]) for one in found)
    assert all(one["commit"]["oid"] == one["commitOid"] for one in found)
    times = [one["createdAt"] for one in found]
    assert times == sorted(times, reverse=True)


def test_every_discussion_has_its_comments_and_perhaps_an_answer(every: Any) -> None:
    fields = """{ number category { name } author { login } updatedAt answerChosenAt isAnswered
        upvoteCount comments(first: 100) { totalCount nodes { id isAnswer upvoteCount
        author { login } replies { totalCount } } } }"""

    found = every("", "discussions(orderBy: {field: UPDATED_AT, direction: DESC})", fields)

    assert {one["number"] for one in found} == set(AURORA.discussions)
    assert sum(len(one["comments"]["nodes"]) for one in found) == TRUTH["discussion_comments"]
    times = [one["updatedAt"] for one in found]
    assert times == sorted(times, reverse=True)
    answered = [one for one in found if one["isAnswered"]]
    assert answered
    for one in answered:
        assert sum(comment["isAnswer"] for comment in one["comments"]["nodes"]) == 1
    assert {one["isAnswered"] for one in found if one["category"]["name"] != "Q&A"} == {None}


@pytest.mark.parametrize(
    ("name", "fields", "count"),
    [
        ("commits", _COMMIT, "commits"),
        ("files", "{ path additions deletions changeType }", "files"),
    ],
)  # fmt: skip
def test_the_parts_of_a_large_pull_request_are_read_to_their_end(
    every: Any, name: str, fields: str, count: str
) -> None:
    number = max(AURORA.pulls, key=lambda one: AURORA.pulls[one][count])

    found = every(AURORA.issues[number]["node_id"], name, fields)

    assert len(found) == AURORA.pulls[number][count] > 100


def test_who_is_asked_to_review_and_what_is_closed_is_shown(every: Any) -> None:
    fields = """{ number reviewRequests(first: 20) { nodes { requestedReviewer {
        ... on User { login } } } } closingIssuesReferences(first: 20) { nodes { number } } }"""

    found = {one["number"]: one for one in every("", "pullRequests", fields)}

    for number, pull in AURORA.pulls.items():
        asked = [one["requestedReviewer"]["login"]
                 for one in found[number]["reviewRequests"]["nodes"]]  # fmt: skip
        assert asked == [one["user"]["login"] for one in pull["review_requests"]]
        closed = [one["number"] for one in found[number]["closingIssuesReferences"]["nodes"]]
        assert closed == pull["closes"]


def test_what_changed_last_is_found_with_one_node(every: Any, caller: httpx2.Client) -> None:
    query = """{ repository(owner: "synthetic-labs", name: "aurora") { pushedAt stargazerCount
        issues(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) {
        totalCount nodes { updatedAt } } } }"""

    found = caller.post("graphql", json={"query": query}).json()["data"]["repository"]

    newest = max(
        one["updated_at"] for number, one in AURORA.issues.items() if number not in AURORA.pulls
    )
    assert found["issues"] == {
        "totalCount": TRUTH["issues"], "nodes": [{"updatedAt": newest}],
    }  # fmt: skip
    assert found["stargazerCount"] == TRUTH["stars"]


def test_everything_that_has_a_global_id_is_found_by_it(caller: httpx2.Client) -> None:
    records = {
        "Issue": AURORA.issues[1], "PullRequest": AURORA.issues[max(AURORA.pulls)],
        "IssueComment": AURORA.comments[0], "PullRequestReview": AURORA.reviews[0],
        "PullRequestReviewComment": AURORA.review_comments[0], "Label": AURORA.labels[0],
        "Milestone": AURORA.milestones[0], "Release": AURORA.releases[0],
        "Deployment": AURORA.deployments[0],
        "Discussion": AURORA.discussions[min(AURORA.discussions)],
    }  # fmt: skip
    body = {
        "query": "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }",
        "variables": {"ids": [*(one["node_id"] for one in records.values()), "I_none"]},
    }

    answer = caller.post("graphql", json=body).json()

    *found, missing = answer["data"]["nodes"]
    assert [one["__typename"] for one in found] == list(records)
    assert missing is None
    assert answer["errors"][0]["path"] == ["nodes", len(records)]
