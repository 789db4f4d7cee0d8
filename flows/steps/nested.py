"""What comes inside the nodes of GraphQL: all of it is asked for, and gets rows of its own."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.steps.run import Run
from gitinsight.github.nodes import Node, actors, node_row
from gitinsight.github.payloads import Actor, Row, user_rows
from gitinsight.things.catalogue import children
from gitinsight.things.thing import Thing
from warehouse import raw
from warehouse.engine import Connection
from warehouse.raw import Written


@dataclass(slots=True)
class Batch:
    """Rows of one page: of a thing, and of what came inside its records."""

    thing: Thing
    rows: list[Row] = field(default_factory=list)
    inside: dict[str, dict[int, list[Row]]] = field(default_factory=dict)
    """Thing -> number of the record it came with -> rows."""
    actors: list[Actor] = field(default_factory=list)

    def add(self, node: Node, own: Row) -> None:
        """``node`` with all of its nested records, see `complete`."""
        self.rows.append(own)
        self.actors += actors(node)
        for child in children(self.thing):
            rows = [
                node_row(child, {**one, child.number: node["number"]}, parent=own.id)
                for one in node[child.connection]["nodes"]
            ]
            self.inside.setdefault(child.name, {})[node["number"]] = rows

    def write(self, connection: Connection, run: Run) -> Written:
        """What a record no longer holds inside is gone upstream."""
        origin = run.graphql_origin
        raw.upsert(connection, "users", user_rows(self.actors), origin=origin)
        written = Written()
        for child in children(self.thing):
            held = self.inside.get(child.name, {})
            rows = [row for several in held.values() for row in several]
            written += raw.upsert(connection, child.name, rows, origin=origin)
            gone = raw.mark_absent_within(
                connection, child, numbers=list(held), present=[row.id for row in rows],
                origin=origin,
            )  # fmt: skip
            written += Written(changed=gone)
        return written + raw.upsert(connection, self.thing.name, self.rows, origin=origin)


def complete(run: Run, thing: Thing, node: Node) -> Node:
    """Every nested connection of ``node`` with all of its nodes, each once."""
    for child in children(thing):
        connection = node.get(child.connection) or {"totalCount": 0, "nodes": []}
        nodes = [*connection["nodes"], *_further(run, child, node["id"], connection)]
        node[child.connection] = {**connection, "nodes": nodes}
    return node


def is_whole(thing: Thing, node: Node) -> bool:
    """Whether as many came as GitHub says there are, by every number that it gives: of too many at
    once it has been seen to leave some out without a word, and to count those that it left.
    """
    return all(
        len(node[child.connection]["nodes"])
        == min(node[child.connection]["totalCount"], child.most or sys.maxsize)
        and node[child.connection]["totalCount"]
        >= min(_told(child, node), child.most or sys.maxsize)
        for child in children(thing)
    )


def counts(thing: Thing, node: Node) -> dict[str, int]:
    """How many came inside of ``node``."""
    return {child.name: len(node[child.connection]["nodes"]) for child in children(thing)}


def _told(child: Thing, node: Node) -> int:
    """What the record itself says, besides the connection."""
    return int(node.get(child.counter) or 0) if child.counter else 0


def without_nested(thing: Thing, node: Node) -> Node:
    """The record itself: of what is inside it keeps the number and the first."""
    summaries = {
        child.connection: {
            "totalCount": node[child.connection]["totalCount"],
            "nodes": node[child.connection]["nodes"][:1],
        }
        for child in children(thing)
    }
    return {**node, **summaries}


def _further(
    run: Run, child: Thing, parent_id: str, connection: Mapping[str, Any]
) -> Iterable[Node]:
    following = connection.get("pageInfo") or {}
    return _pages(run, child, parent_id, following) if following.get("hasNextPage") else ()


def _pages(run: Run, child: Thing, parent_id: str, following: Mapping[str, Any]) -> Iterator[Node]:
    while following["hasNextPage"]:
        answer = run.client.query(child.query, {"id": parent_id, "after": following["endCursor"]})
        connection = answer["node"][child.connection]
        yield from connection["nodes"]
        following = connection["pageInfo"]
