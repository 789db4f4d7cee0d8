"""What a GraphQL query asks for, before it is answered: its price, its nodes, and its excesses.

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

_REQUESTS_PER_POINT = 100
_LARGEST_PAGE = 100
_MOST_IDS = 100
_MOST_NODES = 500_000


@dataclass(slots=True)
class Plan:
    """``requests`` is what GitHub's formula sums up; ``errors`` refuse the whole query."""

    requests: int = 0
    nodes: int = 0
    is_dry: bool = False
    errors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cost(self) -> int:
        """In points: a hundred requests each, half a point rounded up, one at least."""
        return max(1, (self.requests + _REQUESTS_PER_POINT // 2) // _REQUESTS_PER_POINT)


def plan(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> Plan:
    """Of a valid document with one operation."""
    found = Plan()
    operation = next(
        one for one in document.definitions if isinstance(one, OperationDefinitionNode)
    )
    defaults = {
        one.variable.name.value: value_from_ast_untyped(one.default_value)
        for one in operation.variable_definitions or ()
        if one.default_value is not None
    }
    walker = _Walker(schema, document, defaults | dict(variables), found)
    if schema.query_type is not None:
        walker.walk(operation.selection_set, schema.query_type, 1, ())
    if found.nodes > _MOST_NODES:
        found.errors.append(
            _error("MAX_NODE_LIMIT_EXCEEDED", (),
                   f"This query requests up to {found.nodes:,} possible nodes which exceeds the "
                   f"maximum limit of {_MOST_NODES:,}.")
        )  # fmt: skip
    return found


class _Walker:
    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any], found: Plan
    ) -> None:
        self._schema, self._variables, self._found = schema, variables, found
        self._fragments = {
            one.name.value: one
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }

    def walk(
        self, selections: SelectionSetNode, owner: Any, parents: int, path: tuple[str, ...]
    ) -> None:
        for name, one, kind in self._fields(selections, owner):
            given = {
                argument.name.value: value_from_ast_untyped(argument.value, self._variables)
                for argument in one.arguments
            }
            here = (*path, one.alias.value if one.alias else name)
            if name == "rateLimit":
                self._found.is_dry |= bool(given.get("dryRun"))
            if one.selection_set is None:
                continue
            below = parents
            if kind.name.endswith("Connection"):
                below = self._connection(one.selection_set, given, parents, here, name)
            elif name == "nodes" and "ids" in given:
                below = self._by_ids(given["ids"] or [], parents, here)
            self.walk(one.selection_set, kind, below, here)

    def _fields(
        self, selections: SelectionSetNode, owner: Any
    ) -> Iterable[tuple[str, FieldNode, Any]]:
        for one in selections.selections:
            if isinstance(one, FragmentSpreadNode):
                fragment = self._fragments[one.name.value]
                kind = self._schema.type_map[fragment.type_condition.name.value]
                yield from self._fields(fragment.selection_set, kind)
            elif isinstance(one, InlineFragmentNode):
                condition: NamedTypeNode | None = one.type_condition
                is_bare = condition is None
                kind = owner if is_bare else self._schema.type_map[one.type_condition.name.value]
                yield from self._fields(one.selection_set, kind)
            elif (
                isinstance(one, FieldNode)
                and isinstance(owner, (GraphQLObjectType, GraphQLInterfaceType))
                and one.name.value in owner.fields
            ):
                yield one.name.value, one, get_named_type(owner.fields[one.name.value].type)

    def _connection(
        self, selections: SelectionSetNode, given: Mapping[str, Any], parents: int,
        path: tuple[str, ...], name: str,
    ) -> int:  # fmt: skip
        """How many parents there are below it. A bare count costs nothing."""
        asked = {one.name.value for one in selections.selections if isinstance(one, FieldNode)}
        size = given.get("first", given.get("last"))
        if size is None:
            if asked - {"totalCount", "__typename", "totalSize"}:
                self._found.errors.append(
                    _error("MISSING_PAGINATION_BOUNDARIES", path,
                           "You must provide a `first` or `last` value to properly paginate the "
                           f"`{name}` connection.")
                )  # fmt: skip
            return parents
        if size > _LARGEST_PAGE:
            self._found.errors.append(
                _error("EXCESSIVE_PAGINATION", path,
                       f"Requesting {size} records on the `{name}` connection exceeds the "
                       f"`first` limit of {_LARGEST_PAGE} records.")
            )  # fmt: skip
        self._found.requests += parents
        self._found.nodes += parents * size
        return parents * int(size)

    def _by_ids(self, ids: list[str], parents: int, path: tuple[str, ...]) -> int:
        if len(ids) > _MOST_IDS:
            self._found.errors.append(
                _error("ARGUMENT_LIMIT", path,
                       f"You may not provide more than {_MOST_IDS} node ids; "
                       f"you provided {len(ids)}.")
            )  # fmt: skip
        self._found.requests += parents
        self._found.nodes += parents * len(ids)
        return parents * len(ids)


def _error(kind: str, path: tuple[str, ...], message: str) -> dict[str, Any]:
    return {"type": kind, "path": list(path), "message": message}
