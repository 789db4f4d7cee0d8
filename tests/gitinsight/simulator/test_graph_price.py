"""The price of a query by GitHub's formula, and what refuses it."""

from collections.abc import Iterable

import pytest

from gitinsight.simulator.graph import Graph

GRAPH = Graph(list, lambda _owner, _name: None, lambda _repository: None, {})
REPOSITORY = 'repository(owner: "o", name: "n")'
COMMENTS = (
    f"{{ {REPOSITORY} {{ issues(first: 100) {{ nodes"
    " { comments(first: 10) { nodes { id } } } } } }"
)
TALK = (
    f"{{ {REPOSITORY} {{ discussions(first: 100) {{ nodes {{ comments(first: 100)"
    " { nodes { replies(first: %d) { nodes { id } } } } } } } }"
)


def kinds(errors: Iterable[dict[str, str]]) -> list[str]:
    return [one["type"] for one in errors]


@pytest.mark.parametrize(
    ("query", "cost", "nodes"),
    [
        ("{ rateLimit { cost } }", 1, 0),
        (f"{{ {REPOSITORY} {{ issues {{ totalCount }} forks {{ totalCount }} }} }}", 1, 0),
        (f"{{ {REPOSITORY} {{ issues(first: 100) {{ nodes {{ id }} }} }} }}", 1, 100),
        (COMMENTS, 1, 1100), (TALK % 1, 101, 20100),
    ],
)  # fmt: skip
def test_a_hundred_requests_are_a_point(query: str, cost: int, nodes: int) -> None:
    found = GRAPH.plan(query, {})

    assert (found.cost, found.nodes, found.errors) == (cost, nodes, [])


@pytest.mark.parametrize(("page", "cost"), [(24, 1), (25, 2), (48, 3)])
def test_hydration_of_24_with_six_connections_is_one_point(page: int, cost: int) -> None:
    names = ("commits", "files", "reviewRequests", "closingIssuesReferences", "timelineItems",
             "reviews")  # fmt: skip
    parts = " ".join(f"{name}(first: 20) {{ totalCount }}" for name in names)
    query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on PullRequest {{ {parts} }} }} }}"

    assert GRAPH.plan(query, {"ids": ["x"] * page}).cost == cost


@pytest.mark.parametrize(
    ("query", "kind", "path"),
    [
        (f"{{ {REPOSITORY} {{ issues {{ nodes {{ id }} }} }} }}",
         "MISSING_PAGINATION_BOUNDARIES", ["repository", "issues"]),
        (f"{{ {REPOSITORY} {{ all: issues(first: 101) {{ nodes {{ id }} }} }} }}",
         "EXCESSIVE_PAGINATION", ["repository", "all"]),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", "ARGUMENT_LIMIT", ["nodes"]),
        (TALK % 100, "MAX_NODE_LIMIT_EXCEEDED", []),
    ],
)  # fmt: skip
def test_what_asks_for_too_much_is_refused(query: str, kind: str, path: list[str]) -> None:
    variables = {"ids": ["x"] * 101}

    answer = GRAPH.execute(query, variables, remaining=1)

    assert answer["data"] is None
    assert kinds(answer["errors"]) == [kind]
    assert answer["errors"][0]["path"] == path


def test_a_price_can_be_asked_for_without_paying() -> None:
    assert GRAPH.plan("{ rateLimit(dryRun: true) { cost } }", {}).is_dry
