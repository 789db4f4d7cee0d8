"""What becomes of answers that are too large."""

from typing import Any

from gitinsight.simulator import graph_faults


def issues(count: int) -> dict[str, Any]:
    """An answer of issues with three comments each."""
    comments = {"totalCount": 3, "pageInfo": {"hasNextPage": True}, "nodes": [{}, {}, {}]}
    nodes = [{"comments": {**comments, "nodes": [{}, {}, {}]}} for _ in range(count)]
    return {"data": {"repository": {"issues": {"totalCount": 9, "nodes": nodes}}}}


def test_lost_nodes_are_null_and_named() -> None:
    answer = issues(2)

    graph_faults.lose(answer, 1)

    nodes = answer["data"]["repository"]["issues"]["nodes"]
    assert nodes[1] is None
    assert nodes[0]["comments"]["nodes"] == [{}, None, None]
    assert {one["type"] for one in answer["errors"]} == {"RESOURCE_LIMITS_EXCEEDED"}
    assert ["repository", "issues", "nodes", 1] in [one["path"] for one in answer["errors"]]


def test_lists_in_a_list_are_cut_without_a_word() -> None:
    answer = issues(2)

    graph_faults.truncate(answer, 1)

    found = answer["data"]["repository"]["issues"]
    assert "errors" not in answer
    assert (found["totalCount"], len(found["nodes"])) == (9, 2)
    assert found["nodes"][0]["comments"] == {
        "totalCount": 1, "pageInfo": {"hasNextPage": False}, "nodes": [{}],
    }  # fmt: skip


def test_nodes_that_are_asked_for_by_id_are_lost_as_well() -> None:
    answer: dict[str, Any] = {"data": {"nodes": [{"id": "a"}, {"id": "b"}]}}

    graph_faults.lose(answer, 1)

    assert answer["data"]["nodes"] == [{"id": "a"}, None]
    assert answer["errors"][0]["path"] == ["nodes", 1]


def test_a_list_of_one_is_not_cut() -> None:
    answer = issues(1)

    graph_faults.truncate(answer, 1)

    assert answer == issues(1)


def test_what_is_refused_is_null_and_named() -> None:
    answer: dict[str, Any] = {
        "data": {"nodes": [{"id": "a"}, None, {"id": "b"}], "repository": {"forks": {}}}
    }

    graph_faults.refuse(answer, "b", "FORBIDDEN")
    graph_faults.refuse(answer, "forks", "FORBIDDEN")
    of_type: dict[str, Any] = {"data": {"nodes": [{"__typename": "Issue"}, {"__typename": "X"}]}}
    graph_faults.refuse(of_type, "Issue", "FORBIDDEN")

    assert of_type["data"]["nodes"] == [None, {"__typename": "X"}]
    assert answer["data"] == {"nodes": [{"id": "a"}, None, None], "repository": {"forks": None}}
    assert [one["path"] for one in answer["errors"]] == [["nodes", 2], ["repository", "forks"]]
    assert {one["type"] for one in answer["errors"]} == {"FORBIDDEN"}
