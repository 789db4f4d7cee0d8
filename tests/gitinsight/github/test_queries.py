"""The GraphQL queries: well-formed, understood by both GitHubs, and one point each."""

import gzip
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_client_schema,
    build_schema,
    get_introspection_query,
    get_named_type,
    parse,
    validate,
    value_from_ast_untyped,
)

from gitinsight.github import probe
from gitinsight.github.queries import query_text, repeated
from gitinsight.simulator.graph import Graph
from gitinsight.things.catalogue import THINGS
from gitinsight.things.pull_requests import PULL_REQUESTS

_PUBLIC = Path(__file__).parents[4] / "shared/replay/data/schema/github.graphql.gz"
NAMES = sorted(
    one.name.removesuffix(".graphql")
    for one in (files("gitinsight.github") / "queries").iterdir()
    if one.name.endswith(".graphql")
)


@pytest.fixture(scope="module")
def simulated_schema() -> GraphQLSchema:
    graph = Graph(list, lambda _owner, _name: None, lambda _repository: None, {})
    found = graph.execute(get_introspection_query(), {}, remaining=1)
    return build_client_schema(found["data"])


@pytest.fixture(scope="module")
def public() -> GraphQLSchema:
    if not _PUBLIC.exists():
        pytest.skip(f"GitHub's public schema is not at {_PUBLIC}")
    text = gzip.decompress(_PUBLIC.read_bytes()).decode()
    return build_schema(text, assume_valid=True, no_location=True)


def test_every_query_that_a_thing_names_is_there_and_no_other() -> None:
    named = {thing.query for thing in THINGS if thing.query}

    assert named | {"totals", "sweep", "probe"} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_query_is_one_operation_that_asks_for_its_price(name: str) -> None:
    document = parse(query_text(name))

    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    assert len(operations) == 1
    assert "rateLimit { cost remaining resetAt }" in query_text(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_query_is_valid_on_the_simulated_github(
    name: str, simulated_schema: GraphQLSchema
) -> None:
    assert validate(simulated_schema, parse(query_text(name))) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_query_is_valid_on_githubs_own_schema(name: str, public: GraphQLSchema) -> None:
    assert validate(public, parse(query_text(name))) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_query_costs_one_point(name: str, public: GraphQLSchema) -> None:
    sizes = {thing.query: thing.page_size for thing in THINGS}
    ids = 100 if name == "sweep" else PULL_REQUESTS.page_size
    variables = {"ids": ["x"] * ids, "size": sizes.get(name)}

    assert price(public, parse(query_text(name)), variables) == 1


def test_twice_as_many_pull_requests_would_cost_three_times_as_much(public: GraphQLSchema) -> None:
    document = parse(query_text("pull_requests"))

    assert PULL_REQUESTS.page_size == 24
    assert price(public, document, {"ids": ["x"] * 48}) == 3


def test_a_thousand_repositories_are_probed_for_forty_points(public: GraphQLSchema) -> None:
    names = [f"octo/app-{number}" for number in range(probe.PER_QUERY)]

    document = parse(probe.text(names))

    assert validate(public, document) == []
    assert price(public, document, {}) * 1_000 / probe.PER_QUERY == 40


def price(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> int:
    """GitHub's formula: one request per connection and parent, a hundred requests a point.

    https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
    """
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }

    def requests(selections: SelectionSetNode, owner: Any, parents: int) -> int:
        total = 0
        kind: Any
        for one in selections.selections:
            if isinstance(one, FragmentSpreadNode):
                fragment = fragments[one.name.value]
                kind = schema.type_map[fragment.type_condition.name.value]
                total += requests(fragment.selection_set, kind, parents)
            elif isinstance(one, InlineFragmentNode):
                kind = schema.type_map[one.type_condition.name.value]
                total += requests(one.selection_set, kind, parents)
            elif isinstance(one, FieldNode) and one.selection_set is not None:
                given = {
                    argument.name.value: value_from_ast_untyped(argument.value, dict(variables))
                    for argument in one.arguments
                }
                kind = get_named_type(owner.fields[one.name.value].type)
                is_connection = kind.name.endswith("Connection")
                total += parents if is_connection else 0
                below = given.get("first", 1) if is_connection else len(given.get("ids", "1"))
                total += requests(one.selection_set, kind, parents * below)
        return total

    (operation,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    assert schema.query_type is not None
    return max(1, round(requests(operation.selection_set, schema.query_type, 1) / 100))


def test_a_field_is_repeated_with_the_texts_in_their_places() -> None:
    text = repeated("reviews", [("I_1", 'after "that"'), ("I_2", "")])

    document = parse(text)
    (operation,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    fields = [one for one in operation.selection_set.selections if isinstance(one, FieldNode)]
    assert [one.alias.value for one in fields if one.alias] == ["part_0", "part_1"]
    assert r'reviews(first: 100, after: "after \"that\"")' in text
    assert 'node(id: "I_2")' in text


def test_a_query_without_a_field_to_repeat_is_told() -> None:
    with pytest.raises(ValueError, match="totals"):
        repeated("totals", [])
