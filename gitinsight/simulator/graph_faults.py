"""What GitHub does to the answer of a GraphQL query that is too large for it."""

from collections.abc import Iterator
from typing import Any

_MESSAGE = "Resource limits for this query exceeded."

Path = tuple[str | int, ...]


def lose(answer: dict[str, Any], most: int) -> None:
    """Nodes of every list beyond ``most`` become null, and an error names the place of each."""
    for path, holder in list(_lists(answer["data"], ())):
        for place in range(most, len(holder["nodes"])):
            holder["nodes"][place] = None
            answer.setdefault("errors", []).append(
                {"type": "RESOURCE_LIMITS_EXCEEDED", "path": [*path, "nodes", place],
                 "message": _MESSAGE}
            )  # fmt: skip


def refuse(answer: dict[str, Any], wanted: str, kind: str) -> None:
    """The node with this id, those of this type, or this field of the repository become null, and
    an error of that ``kind`` names the place of each.
    """
    data = answer["data"]
    places: list[Path] = [
        ("nodes", place)
        for place, node in enumerate(data.get("nodes") or ())
        if node and wanted in {node.get("id"), node.get("__typename")}
    ]
    if wanted in (data.get("repository") or {}):
        places.append(("repository", wanted))
    for holder, place in places:
        data[holder][place] = None
        answer.setdefault("errors", []).append(
            {"type": kind, "path": [holder, place],
             "message": "Resource not accessible by personal access token"}
        )  # fmt: skip


def truncate(answer: dict[str, Any], most: int) -> None:
    """Connections inside of a list of several end after ``most`` nodes, as if there were no others:
    a query for one record alone is small enough.
    """
    for path, holder in _lists(answer["data"], ()):
        is_among_others = "nodes" in path and len(_at(answer["data"], path)) > 1
        if is_among_others and len(holder["nodes"]) > most:
            del holder["nodes"][most:]
            if "totalCount" in holder:
                holder["totalCount"] = most
            if "pageInfo" in holder:
                holder["pageInfo"]["hasNextPage"] = False


def _at(data: Any, path: Path) -> list[Any]:
    """The outermost list on the way."""
    found = data
    for name in path[: path.index("nodes") + 1]:
        found = found[name]
    nodes: list[Any] = found
    return nodes


def _lists(found: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Whatever holds ``nodes``, the root of the answer too, from the outside in."""
    if isinstance(found, dict):
        if isinstance(found.get("nodes"), list):
            yield path, found
        for name, value in found.items():
            yield from _lists(value, (*path, name))
    elif isinstance(found, list):
        for place, value in enumerate(found):
            yield from _lists(value, (*path, place))
