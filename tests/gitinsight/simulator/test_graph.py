"""The GraphQL side of the simulated GitHub."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitinsight.errors import NotVisible, UnexpectedPayload
from gitinsight.github.client import GitHubClient
from gitinsight.github.governor import LocalGovernor
from gitinsight.github.pace import Pace
from gitinsight.github.principals import users
from gitinsight.github.queries import repeated
from gitinsight.github.turns import Turns
from gitinsight.simulator import git_repository
from gitinsight.simulator.organisation import Organisation, Repository, truth
from gitinsight.simulator.serve import Simulated

AURORA = {"owner": "synthetic-labs", "name": "aurora"}


@pytest.fixture(scope="module")
def client(simulated: Simulated) -> Iterator[GitHubClient]:
    client = GitHubClient(
        api_url=simulated.url, graphql_url=f"{simulated.url}/graphql",
        principals=lambda: users(["t"]), turns=Turns(LocalGovernor(simulated.url, Pace())),
    )  # fmt: skip
    yield client
    client.close()


@pytest.fixture(scope="module")
def aurora() -> Repository:
    return Organisation(1).repositories["aurora"]


def test_totals_are_those_of_the_records(client: GitHubClient, aurora: Repository) -> None:
    found = client.query("totals", AURORA)["repository"]

    held = truth(aurora)
    assert found["databaseId"] == aurora.id
    assert {
        "issues": held["issues"], "pullRequests": held["pull_requests"], "labels": held["labels"],
        "milestones": held["milestones"], "releases": held["releases"],
    } == {
        name: found[name]["totalCount"]
        for name in ("issues", "pullRequests", "labels", "milestones", "releases")
    }  # fmt: skip


def test_a_repository_that_does_not_exist_is_null_and_an_error_says_so(
    client: GitHubClient,
) -> None:
    variables = {"owner": "synthetic-labs", "name": "none"}

    answer = client.query_in_part("totals", variables)

    assert answer.data["repository"] is None
    assert [one["type"] for one in answer.errors] == ["NOT_FOUND"]
    with pytest.raises(NotVisible):
        client.query("totals", variables)


def test_an_empty_repository_has_no_default_branch(client: GitHubClient) -> None:
    found = client.query("totals", {"owner": "synthetic-labs", "name": "empty-repo"})

    assert found["repository"]["defaultBranchRef"] is None


def test_pull_requests_come_in_the_order_in_which_they_were_asked_for(
    client: GitHubClient, aurora: Repository
) -> None:
    ids = [aurora.issues[number]["node_id"] for number in sorted(aurora.pulls, reverse=True)][:5]

    nodes = client.query("pull_requests", {"ids": [*ids, "PR_none", "I_1"]})["nodes"]

    assert [node and node["id"] for node in nodes] == [*ids, None, None]
    for node in nodes[:5]:
        pull, issue = aurora.pulls[node["number"]], aurora.issues[node["number"]]
        assert node["fullDatabaseId"] == str(pull["id"])
        assert node["merged"] == bool(pull["merged_at"])
        assert node["state"] == ("MERGED" if pull["merged_at"] else issue["state"].upper())


def test_reviews_beyond_the_first_page_are_read_by_cursor(
    client: GitHubClient, aurora: Repository
) -> None:
    numbers = [one["number"] for one in aurora.reviews]
    busiest = max(aurora.pulls, key=numbers.count)
    node_id = aurora.issues[busiest]["node_id"]

    first = client.query("pull_requests", {"ids": [node_id]})["nodes"][0]["reviews"]
    assert first["pageInfo"]["hasNextPage"]
    text = repeated("reviews", [(node_id, first["pageInfo"]["endCursor"])])
    rest = client.query("reviews", {}, text=text)["part_0"]["reviews"]
    nodes = first["nodes"] + rest["nodes"]

    assert not rest["pageInfo"]["hasNextPage"]
    assert len({one["id"] for one in nodes}) == first["totalCount"] == numbers.count(busiest)


def test_a_bot_has_no_suffix_and_a_deleted_account_is_null(
    client: GitHubClient, aurora: Repository
) -> None:
    ids = [aurora.issues[number]["node_id"] for number in aurora.pulls]

    nodes = client.query("pull_requests", {"ids": ids})["nodes"]

    bots = {one["author"]["login"] for one in nodes if one["author"]["__typename"] == "Bot"}
    assert bots == {"dependabot"}


def test_the_history_of_a_branch_is_paged_to_its_end(client: GitHubClient, git_dir: Path) -> None:
    log = git_repository.log(git_dir / "1" / "aurora.git")
    variables: dict[str, Any] = {**AURORA, "oid": log[0]["sha"], "after": None}
    seen: list[str] = []

    while True:
        found = client.query("commit_history", variables)["repository"]["object"]["history"]
        seen += [one["oid"] for one in found["nodes"]]
        if not found["pageInfo"]["hasNextPage"]:
            break
        variables["after"] = found["pageInfo"]["endCursor"]

    assert seen == [one["sha"] for one in log]
    assert found["totalCount"] == len(log) > 100


def test_an_author_is_an_account_where_the_address_belongs_to_one(
    client: GitHubClient, git_dir: Path
) -> None:
    newest = git_repository.log(git_dir / "1" / "aurora.git")[0]["sha"]

    found = client.query("commit_history", {**AURORA, "oid": newest})
    authors = [one["author"] for one in found["repository"]["object"]["history"]["nodes"]]

    logins = {one["email"]: one["user"] and one["user"]["login"] for one in authors}
    assert logins["1000+ada@users.noreply.github.com"] == "ada"
    assert logins["unclaimed@example.invalid"] is None


def test_a_field_that_does_not_exist_is_an_error(client: GitHubClient) -> None:
    with pytest.raises(UnexpectedPayload, match="Cannot query field 'wishes'"):
        client.query("wrong", {}, text="{ rateLimit { wishes } }")
