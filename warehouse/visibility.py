"""Which repositories somebody may see: the public ones, and the private ones that are named.

None names them all. Every statement of the API that has rows of repositories asks for one of these.
"""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import LiteralString, TypeAlias

from psycopg.sql import SQL, Composable, Literal

from gitinsight.errors import NotFound
from warehouse.engine import Connection, driver

Readable: TypeAlias = AbstractSet[int] | None

VISIBLE: LiteralString = (
    "(%(readable)s::bigint[] is null or repository_id in (select repository_id"
    " from ops.repositories where not is_private or repository_id = any(%(readable)s::bigint[])))"
)
"""For a statement that has a column `repository_id`, with ``parameter`` as `readable`."""


def parameter(readable: Readable) -> list[int] | None:
    return None if readable is None else sorted(readable)


def condition(readable: Readable, told: Composable | None = None) -> Composable:
    """The same as ``VISIBLE``, for a statement that is composed. ``told`` stands for ``parameter``
    where the statement is to be the same one whoever asks.
    """
    if readable is None:
        return SQL("true")
    return SQL(
        "repository_id in (select repository_id from ops.repositories"
        " where not is_private or repository_id = any({}::bigint[]))"
    ).format(told or Literal(sorted(readable)))


def check(connection: Connection, repository_id: int, readable: Readable) -> None:
    """NotFound where there is none, or none for this one: the two cannot be told apart."""
    found = driver(connection).execute(
        f"select from ops.repositories where repository_id = %(id)s and {VISIBLE}",
        {"id": repository_id, "readable": parameter(readable)},
    )
    if found.fetchone() is None:
        raise NotFound(f"repository {repository_id}")


def among(
    connection: Connection, repository_ids: Collection[int], readable: Readable
) -> frozenset[int]:
    """Those of them that may be seen."""
    found = driver(connection).execute(
        "select repository_id from ops.repositories"  # noqa: S608 - ours
        f" where repository_id = any(%(ids)s) and {VISIBLE}",
        {"ids": list(repository_ids), "readable": parameter(readable)},
    )
    return frozenset(repository_id for (repository_id,) in found)


def visible(connection: Connection, readable: Readable) -> list[int] | None:
    """The ids of all of them, for what has no `repository_id` to ask for; None where nothing is
    kept from whoever asks.
    """
    if readable is None:
        return None
    found = driver(connection).execute(
        f"select repository_id from ops.repositories where {VISIBLE} order by repository_id",  # noqa: S608 - ours
        {"readable": parameter(readable)},
    )
    return [repository_id for (repository_id,) in found]


def has_private(connection: Connection, host: str) -> bool:
    """Whether there is anything that is kept from anybody."""
    found = driver(connection).execute(
        "select from ops.repositories where is_private and host = %s limit 1", (host,)
    )
    return found.fetchone() is not None
