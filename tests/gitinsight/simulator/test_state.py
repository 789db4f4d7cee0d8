"""Names and states of repositories."""

import httpx2

from tests.support.github import GitHub


def test_an_old_name_can_become_anothers(caller: httpx2.Client, panel: GitHub) -> None:
    old = caller.get("repos/synthetic-labs/empty-repo").json()["id"]
    panel.control(rename={"synthetic-labs/empty-repo": "synthetic-labs/void"})
    panel.control(squat="synthetic-labs/empty-repo")

    assert caller.get("repos/synthetic-labs/empty-repo").json()["id"] != old
    assert caller.get(f"repositories/{old}").json()["name"] == "void"
    panel.control(rename={"synthetic-labs/void": "synthetic-labs/empty-repo"})


def test_what_is_hidden_is_hidden_from_graphql_and_git_too(
    caller: httpx2.Client, panel: GitHub
) -> None:
    query = {"query": '{ repository(owner: "synthetic-labs", name: "borealis") { id } }'}
    refs = "synthetic-labs/borealis.git/info/refs?service=git-upload-pack"
    panel.control(state={"synthetic-labs/borealis": "private"})

    assert caller.post("graphql", json=query).json()["errors"][0]["type"] == "NOT_FOUND"
    assert caller.get(refs).status_code == 404
    panel.control(calm=True)
    assert caller.post("graphql", json=query).json()["data"]["repository"]
    assert caller.get(refs).status_code == 200
