"""The repositories that are followed, page by page: those that are looked for, in some order.

They are ordered by what GitHub has said of them and is held; what it has not said comes last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, LiteralString

from psycopg import DataError
from psycopg.rows import dict_row
from psycopg.sql import SQL

from warehouse.engine import Connection, driver
from warehouse.repositories import COLUMNS, Repository
from warehouse.visibility import VISIBLE, Readable, parameter

Sort = Literal["added", "-added", "name", "-name", "stars", "-stars", "updated", "-updated"]
_HELD = """
left join lateral (
    select payload -> 'stargazers_count' as stars, payload ->> 'language' as language,
        payload ->> 'updated_at' as updated_at
    from raw.github_repositories as repository
    where repository.repository_id = followed.repository_id and deleted_at is null
    order by id desc limit 1
) as held on true
"""
_PAGE = """
select {columns}, sort_key::text as ends_at from (
    select followed.*, {key} as sort_key from ops.repositories as followed {held}
    where (%(q)s::text is null or position(lower(%(q)s) in lower(full_name)) > 0)
      and {visible} and {language}
) as found
where {after}
order by sort_key {direction} nulls last, repository_id
limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class _Order:
    """``key`` is what it goes by, ``kind`` its type."""

    key: LiteralString
    kind: LiteralString
    is_of_payload: bool = False


_ORDERS = {
    "added": _Order("repository_id", "bigint"),
    "name": _Order('lower(full_name) collate "C"', "text"),
    "stars": _Order(
        "case jsonb_typeof(held.stars) when 'number' then held.stars::numeric end",
        "numeric", is_of_payload=True,
    ),
    # GitHub's instants are in the order of time as they are written.
    "updated": _Order('held.updated_at collate "C"', "text", is_of_payload=True),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """``end`` is where it ends, as text; null where nothing comes after it."""

    rows: list[Repository]
    end: tuple[str, ...] | None


def page(
    connection: Connection, *, q: str | None = None, language: str | None = None,
    sort: Sort = "added", limit: int = 50, after: Sequence[str] = (), readable: Readable = None,
) -> Page:  # fmt: skip
    """Those that may be seen, whose name contains ``q`` and whose main ``language`` is this one.
    ``after`` is where the page before ended; ValueError where none of this order ends there.
    """
    order, is_down = _ORDERS[sort.removeprefix("-")], sort.startswith("-")
    values: dict[str, object] = {
        "q": q, "language": language or None, "readable": parameter(readable), "limit": limit + 1,
    }  # fmt: skip
    condition: LiteralString = "true"
    if after:
        condition = _after(order, sort, after, values, is_down=is_down)
    statement = SQL(_PAGE).format(
        columns=SQL(COLUMNS), key=SQL(order.key), visible=SQL(VISIBLE), after=SQL(condition),
        held=SQL(_HELD if order.is_of_payload or language else ""),
        language=SQL(
            "lower(held.language) = lower(%(language)s)" if language else "true"
        ),
        direction=SQL("desc" if is_down else "asc"),
    )  # fmt: skip
    cursor = driver(connection).cursor(row_factory=dict_row)
    try:
        found = cursor.execute(statement, values).fetchall()
    except DataError as error:
        raise ValueError(f"no page by {sort} ends at {after}") from error
    keys = [one.pop("ends_at") for one in found]
    rows = [Repository(**one) for one in found[:limit]]
    if len(found) <= limit:
        return Page(rows, None)
    return Page(rows, (sort, keys[limit - 1] or "", str(rows[-1].repository_id)))


def _after(
    order: _Order, sort: Sort, after: Sequence[str], values: dict[str, object], *, is_down: bool
) -> LiteralString:
    told, key, repository_id = after
    if told != sort:
        raise ValueError(f"a page by {told} is none by {sort}")
    values |= {"after": key, "after_id": repository_id}
    later: LiteralString = "repository_id > (%(after_id)s::text)::bigint"
    if not key:
        return f"sort_key is null and {later}"
    last: LiteralString = f"(%(after)s::text)::{order.kind}"
    sign: LiteralString = "<" if is_down else ">"
    return f"(sort_key {sign} {last} or (sort_key = {last} and {later}) or sort_key is null)"
