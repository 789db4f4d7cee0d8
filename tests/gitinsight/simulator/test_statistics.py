"""What is counted of what was asked."""

from concurrent.futures import ThreadPoolExecutor

import httpx2

from tests.support.github import GitHub

REPO = "repos/synthetic-labs/aurora"


def test_endpoints_are_counted_without_the_names_of_one_repository(
    caller: httpx2.Client, panel: GitHub
) -> None:
    identifier = caller.get(REPO).json()["id"]
    panel.start_counting()
    for path in (REPO, f"{REPO}/issues/1", f"repositories/{identifier}/issues/2", "users/ada"):
        caller.get(path)
    query = '{ repository(owner: "synthetic-labs", name: "aurora") { id } }'
    caller.post("graphql", json={"query": query})

    found = panel.statistics()

    assert found["by_endpoint"] == {
        "/repos/{owner}/{repo}": 1, "/repos/{owner}/{repo}/issues/{number}": 2,
        "/users/{login}": 1, "/graphql": 1,
    }  # fmt: skip
    assert (found["charged_rest"], found["charged_graphql"], found["charged"]) == (4, 1, 5)


def test_the_most_requests_at_once_are_remembered(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(latency=0.3)
    panel.start_counting()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(caller.get, [REPO] * 3))

    assert panel.statistics()["most_at_once"] == 3
    panel.start_counting()
    assert panel.statistics()["most_at_once"] == 0


def test_requests_beyond_the_limit_are_counted_as_refused(
    caller: httpx2.Client, panel: GitHub
) -> None:
    panel.control(limits={"with token": 0})
    panel.start_counting()
    caller.get(REPO)

    assert panel.statistics()["refused"] == 1
