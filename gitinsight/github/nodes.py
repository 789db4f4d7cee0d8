"""GraphQL's nodes as rows: whose number they have, when they changed, who is in them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec

from gitinsight.github.payloads import Actor, Row, row
from gitinsight.things.thing import Thing

Node = dict[str, Any]


def node_row(
    thing: Thing, node: Mapping[str, Any], *, parent: int = 0, updated_at: datetime | None = None
) -> Row:
    """``parent`` is the id of the record that it came with; ``updated_at`` counts where it is later
    than the node's own.
    """
    record = {key: value for key, value in node.items() if key != "__typename"}
    told = record.get("updatedAt")
    times = [datetime.fromisoformat(told)] if told else []
    times += [updated_at] if updated_at else []
    return row(
        identifier(_value(node, thing.key), parent), msgspec.json.encode(record),
        max(times, default=None),
    )  # fmt: skip


def identifier(value: object, parent: int) -> int:
    """GitHub's own number; of what has none, 63 bits of a hash of the text within its parent."""
    if isinstance(value, int) or str(value).isdecimal():
        return int(str(value))
    text = f"{parent}\0{value}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest()) >> 1


def actors(value: object) -> Iterator[Actor]:
    """Every account in a node that says what it is, so that it is the same as REST says. Bots are
    left to REST: GraphQL drops the suffix from most of their logins, not from all.
    """
    if isinstance(value, list):
        for item in value:
            yield from actors(item)
    elif isinstance(value, dict):
        kind = value.get("__typename", "Bot")
        if kind != "Bot" and "login" in value and "databaseId" in value:
            yield Actor(value["databaseId"], value["login"], kind)
        for item in value.values():
            yield from actors(item)


def _value(node: Mapping[str, Any], path: str) -> Any:
    found: Any = node
    for name in path.split("."):
        found = found[name]
    return found
