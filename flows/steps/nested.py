"""What comes inside the nodes of GraphQL: all of it is asked for, and gets rows of its own."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from flows.steps.page_size import PageSize
from flows.steps.run import Run
from gitinsight.errors import NotVisible, UpstreamUnavailable
from gitinsight.github.nodes import Node, actors, node_row
from gitinsight.github.payloads import Actor, Row
from gitinsight.github.queries import repeated
from gitinsight.things.catalogue import children
from gitinsight.things.thing import Thing
from warehouse import raw
from warehouse.engine import Connection
from warehouse.raw import Written

AT_ONCE = 20
"""Connections in one query: a hundred would cost the same point, and more than GitHub's time."""

Refused = dict[int, NotVisible | UpstreamUnavailable]
"""Place in a page -> why that one cannot be had."""


@dataclass(slots=True)
class Found:
    """What GitHub shows of a page, in its order; ``young`` are numbers of what was just updated."""

    nodes: list[Node | None]
    refused: Refused = field(default_factory=dict)
    young: set[int] = field(default_factory=set)

    def replace(self, place: int, alone: "Found") -> None:
        """By what was shown when it was asked for by itself."""
        (self.nodes[place],) = alone.nodes
        if 0 in alone.refused:
            self.refused[place] = alone.refused[0]
        self.young |= alone.young


@dataclass(slots=True)
class Batch:
    """Rows of one page: of a thing, and of what came inside its records."""

    thing: Thing
    rows: list[Row] = field(default_factory=list)
    inside: dict[Thing, dict[int, list[Row]]] = field(default_factory=dict)
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
            self.inside.setdefault(child, {})[node["number"]] = rows

    def write(self, connection: Connection, run: Run) -> Written:
        """What a record no longer holds inside is gone upstream."""
        origin = run.graphql_origin
        raw.store_accounts(connection, self.actors, origin=origin, known=run.accounts)
        rows = {
            child.name: list(chain.from_iterable(inside.values()))
            for child, inside in self.inside.items()
        }
        written = raw.upsert_all(connection, {**rows, self.thing.name: self.rows}, origin=origin)
        shown = {
            child: {number: [row.id for row in several] for number, several in inside.items()}
            for child, inside in self.inside.items()
        }
        gone = raw.mark_absent_within(connection, shown, origin=origin)
        return written + Written(changed=gone)


def fill(thing: Thing, nodes: Sequence[Node]) -> None:
    """Give each of ``nodes`` an empty connection where GitHub gave none."""
    for node in nodes:
        for child in children(thing):
            node[child.connection] = node.get(child.connection) or {"totalCount": 0, "nodes": []}


def complete(run: Run, thing: Thing, nodes: Sequence[Node]) -> None:
    """Give every nested connection of ``nodes`` all of its nodes, each once."""
    fill(thing, nodes)
    for child in children(thing):
        waiting = {node["id"]: node[child.connection] for node in nodes if _has_more(child, node)}
        size = PageSize(AT_ONCE, AT_ONCE)
        while waiting:
            batch = dict(islice(waiting.items(), size.now))
            try:
                found = _ask(run, child, batch)
            except UpstreamUnavailable:
                if not size.shrink():
                    raise
                continue
            for part, (node_id, connection) in zip(found, batch.items(), strict=True):
                if part is not None:
                    connection["nodes"].extend(part["nodes"])
                    connection["pageInfo"] = part["pageInfo"]
                if part is None or not part["pageInfo"]["hasNextPage"]:
                    del waiting[node_id]


def is_long(thing: Thing, node: Node) -> bool:
    """Whether there is more inside of ``node`` than came with it."""
    return any(_has_more(child, node) for child in children(thing))


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


def _has_more(child: Thing, node: Node) -> bool:
    return bool((node[child.connection].get("pageInfo") or {}).get("hasNextPage"))


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


def _ask(run: Run, child: Thing, batch: Mapping[str, Node]) -> list[Node | None]:
    """The next hundred of each, in one query; None of what is gone since."""
    places = (
        (node_id, connection["pageInfo"]["endCursor"]) for node_id, connection in batch.items()
    )
    text = repeated(child.query, places)
    answer = run.client.query(child.query, {}, text=text)
    return [
        (answer.get(f"part_{number}") or {}).get(child.connection) for number in range(len(batch))
    ]
