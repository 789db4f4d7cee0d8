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


def truncate(answer: dict[str, Any], most: int) -> None:
    """Connections inside of a list end after ``most`` nodes, as if there were no others."""
    for path, holder in _lists(answer["data"], ()):
        if "nodes" in path and len(holder["nodes"]) > most:
            del holder["nodes"][most:]
            if "totalCount" in holder:
                holder["totalCount"] = most
            if "pageInfo" in holder:
                holder["pageInfo"]["hasNextPage"] = False


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
