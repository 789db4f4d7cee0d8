"""POST /graphql: what is charged, what is refused, and what becomes of a heavy query."""

import httpx2
import pytest

from gitinsight.simulator.answers import WRONG_TOKEN
from tests.support.github import GitHub

QUERY = {"query": "{ rateLimit { cost } }"}


def test_a_query_is_charged_at_its_price_and_says_it(caller: httpx2.Client, panel: GitHub) -> None:
    panel.start_counting()
    query = (
        '{ rateLimit { cost used remaining nodeCount } repository(owner: "synthetic-labs",'
        ' name: "aurora") { issues(first: 100) { nodes { comments(first: 1) { nodes { id } } }'
        " } pullRequests(first: 100) { nodes { reviews(first: 1) { nodes { id } } } } } }"
    )

    answer = caller.post("graphql", json={"query": query})

    said = answer.json()["data"]["rateLimit"]
    assert said["cost"] == panel.statistics()["charged_graphql"] == 2
    assert said["nodeCount"] == 400
    assert str(said["remaining"]) == answer.headers["x-ratelimit-remaining"]


def test_a_wrong_token_is_rejected(caller: httpx2.Client) -> None:
    headers = {"authorization": f"Bearer {WRONG_TOKEN}"}

    assert caller.post("graphql", json=QUERY, headers=headers).status_code == 401


def test_a_used_up_graphql_limit_can_be_told_by_200(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(limits={"with token": 1}, graphql_limit_as_errors=True)
    answers = [caller.post("graphql", json=QUERY) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert answers[1].json()["errors"][0]["type"] == "RATE_LIMITED"


def test_graphql_can_answer_nothing(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(graphql_null_rate=1)

    assert caller.post("graphql", json=QUERY).json() == {"data": None}


@pytest.mark.parametrize("status", [502, 504])
def test_a_heavy_query_can_fail_where_a_lighter_one_does_not(
    caller: httpx2.Client, panel: GitHub, status: int
) -> None:
    panel.control(graphql_heavy_nodes=10, graphql_heavy_status=status)
    query = (
        '{ repository(owner: "synthetic-labs", name: "aurora")'
        " { issues(first: %d) { nodes { id } } } }"
    )

    found = [caller.post("graphql", json={"query": query % size}) for size in (10, 11)]

    assert [one.status_code for one in found] == [200, status]


def test_a_heavy_query_can_be_refused_in_an_answer(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(graphql_heavy_nodes=1, graphql_heavy_type="MAX_NODE_LIMIT_EXCEEDED")
    query = (
        '{ repository(owner: "synthetic-labs", name: "aurora")'
        " { issues(first: 2) { nodes { id } } } }"
    )

    answer = caller.post("graphql", json={"query": query})

    assert answer.status_code == 200
    assert answer.json()["errors"][0]["type"] == "MAX_NODE_LIMIT_EXCEEDED"


def test_one_node_can_spoil_every_query_for_it_or_be_refused(
    caller: httpx2.Client, panel: GitHub
) -> None:
    issue = caller.get("repos/synthetic-labs/aurora/issues/1").json()
    body = {
        "query": "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        "variables": {"ids": [issue["node_id"]]},
    }
    panel.control(graphql_poison=issue["node_id"])
    poisoned = caller.post("graphql", json=body)
    panel.control(graphql_poison="", graphql_refuse=issue["node_id"])
    refused = caller.post("graphql", json=body)

    assert poisoned.status_code == 502
    assert refused.json()["data"] == {"nodes": [None]}
    assert refused.json()["errors"][0]["type"] == "FORBIDDEN"
