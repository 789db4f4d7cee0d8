"""The marts, read as they are: every name is looked up in the catalogue before it is used."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from psycopg import DataError
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Identifier, Placeholder

from gitinsight.errors import NotFound
from warehouse import visibility
from warehouse.engine import Connection, driver
from warehouse.selections import EVERYTHING, Selection
from warehouse.visibility import Readable

SCHEMA = "marts"
_COLUMNS = """
select attname as name, format_type(atttypid, null) as type, not attnotnull as nullable,
       col_description(attrelid, attnum) as description
from pg_attribute join pg_class on pg_class.oid = attrelid
where attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) and relkind in ('r', 'p', 'v')
  and attnum > 0 and not attisdropped
order by attnum
"""
"""Of the catalogue itself: its views in information_schema look at privileges, too."""
_COUNTS = frozenset({"smallint", "integer", "bigint", "numeric"})
_DISTINCT = frozenset({"active_persons_count"})
"""Persons of a week are fewer than the sum of those of its days."""
_SUM = "case when bool_or({metric} is null) then null else sum({metric})::bigint end"
_LAST = "(array_agg({metric} order by day desc))[1]"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """``end`` is where it ends, as text; null where nothing comes after it."""

    rows: list[Row]
    end: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Shape:
    """Name -> type of its columns in their order, and of those that tell its rows apart."""

    columns: Mapping[str, str]
    key: Mapping[str, str]


def names(connection: Connection) -> list[Row]:
    cursor = driver(connection).cursor(row_factory=dict_row)
    return cursor.execute(
        "select table_name as name,"
        " obj_description(format('marts.%I', table_name)::regclass, 'pg_class') as description"
        " from information_schema.tables where table_schema = 'marts' order by table_name"
    ).fetchall()


def columns(connection: Connection, mart: str, *, schema: str = SCHEMA) -> list[Row]:
    """NotFound where there is no such mart, or none yet."""
    cursor = driver(connection).cursor(row_factory=dict_row)
    found = cursor.execute(_COLUMNS, (schema, mart)).fetchall()
    if not found:
        raise NotFound(f"mart {mart}")
    return found


def shape_of(connection: Connection, mart: str) -> Shape:
    """NotFound where there is no such mart, or none yet."""
    found = columns(connection, mart)
    return Shape({one["name"]: one["type"] for one in found}, key(connection, mart))


def rows(
    connection: Connection, mart: str, *, repository_id: int | None, limit: int,
    after: Sequence[str] = (), readable: Readable = None, only: Mapping[str, str] | None = None,
    shape: Shape | None = None, selection: Selection = EVERYTHING,
) -> Page:  # fmt: skip
    """In the order of their key, of repositories that may be seen. ``after`` is where the page
    before ended, so that a page stays where it is, whatever is published meanwhile; ValueError
    where no page of this mart ends there. ``shape`` is looked up where it is not told.
    SelectionRefused where the ``selection`` is not one of this mart.

    The statement has no values in it: PostgreSQL plans it once for each connection.
    """
    known = shape or shape_of(connection, mart)
    if "repository_id" not in known.columns and (repository_id, readable) != (None, None):
        raise NotFound(f"column repository_id of mart {mart}")
    wanted: list[Composable] = [visibility.condition(readable, Placeholder("readable"))]
    values: dict[str, object] = {"readable": visibility.parameter(readable), "limit": limit + 1}

    def told(name: str, value: object) -> Composable:
        values[name] = value
        return Placeholder(name)

    only_rows: Mapping[str, object] = only or {}
    if repository_id is not None:
        only_rows = {**only_rows, "repository_id": repository_id}
    for column, value in only_rows.items():
        wanted.append(SQL("{} = {}").format(Identifier(column), told(f"only_{column}", value)))
    shown_columns = selection.columns(known.columns)
    wanted += selection.conditions(connection, known.columns, told)
    names = SQL(", ").join(map(Identifier, known.key))
    if after:
        last = []
        for (column, kind), value in zip(known.key.items(), after, strict=True):
            # The types are text that PostgreSQL itself has written.
            last.append(SQL(f"{{}}::text::{kind}").format(told(f"after_{column}", value)))
        wanted.append(SQL("({}) > ({})").format(names, SQL(", ").join(last)))
    statement = SQL("select {} from {} where {} order by {} limit %(limit)s").format(
        SQL(", ").join(map(Identifier, {**shown_columns, **known.key})), Identifier(SCHEMA, mart),
        SQL(" and ").join(wanted), names,
    )  # fmt: skip
    cursor = driver(connection).cursor(row_factory=dict_row)
    try:
        found = cursor.execute(statement, values).fetchall()
    except DataError as error:
        raise ValueError(f"no page of {mart} ends at {after}") from error
    shown = found[:limit]
    end = tuple(str(shown[-1][name]) for name in known.key) if len(found) > limit else None
    _leave(shown, shown_columns, key=known.key)
    return Page(shown, end)


def _leave(rows: Sequence[Row], columns: Mapping[str, str], *, key: Iterable[str]) -> None:
    """These columns alone, and numbers where there are some."""
    for column in (one for one, kind in columns.items() if kind == "numeric"):
        for row in rows:
            row[column] = _number(row[column])
    for column in (one for one in key if one not in columns):
        for row in rows:
            del row[column]


def _number(value: Decimal | None) -> Decimal | None:
    """What is no number (NaN, infinity) is null, as all that is not known."""
    return value if value is not None and value.is_finite() else None


def summary(connection: Connection, repository_id: int, shape: Shape | None = None) -> Row:
    found = rows(
        connection, "repository_summary", repository_id=repository_id, limit=1, shape=shape
    ).rows
    if not found:
        raise NotFound(f"summary of repository {repository_id}")
    return found[0]


def series(
    connection: Connection, repository_id: int, metric: str, *, first: date | None,
    last: date | None, every: Literal["day", "week", "month"], actors: Literal["human", "all"],
    shape: Shape | None = None,
) -> list[Row]:  # fmt: skip
    """Sums of one count of ``marts.daily_activity``, whose columns say which of them count humans
    alone; null where one of its days is unknown. What is there at the end of a day is no sum: it is
    that of the last one.
    """
    known = (shape or shape_of(connection, "daily_activity")).columns
    column = metric
    if actors == "human" and not metric.endswith("_human_count"):
        column = f"{metric.removesuffix('_count')}_human_count"
    if known.get(column) not in _COUNTS or not column.endswith("_count"):
        raise NotFound(f"metric {metric} of {actors} actors")
    if column in _DISTINCT and every != "day":
        raise NotFound(f"metric {metric} by {every}")
    value = SQL(_LAST if column.endswith("_eod_count") else _SUM)
    statement = SQL(
        "select date_trunc({unit}, day::timestamp)::date as at, {value} as value"
        " from marts.daily_activity where repository_id = {repository_id}"
        " and ({first}::date is null or day >= {first}::date)"
        " and ({last}::date is null or day <= {last}::date) group by 1 order by 1"
    ).format(
        unit=Placeholder("unit"),
        value=value.format(metric=Identifier(column)),
        repository_id=Placeholder("repository_id"),
        first=Placeholder("first"),
        last=Placeholder("last"),
    )
    values = {"unit": every, "repository_id": repository_id, "first": first, "last": last}
    return driver(connection).cursor(row_factory=dict_row).execute(statement, values).fetchall()


def key(connection: Connection, mart: str, *, schema: str = SCHEMA) -> dict[str, str]:
    """The columns that tell its rows apart, and their types."""
    found = driver(connection).execute(
        "select attname, format_type(atttypid, atttypmod) from pg_index"
        " join pg_attribute on attrelid = indrelid and attnum = any(indkey)"
        " where indrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) and indisprimary"
        " order by array_position(indkey::int2[], attnum)",
        (schema, mart),
    )
    return dict(found)
