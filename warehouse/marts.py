"""The marts, read as they are: every name is looked up in the catalogue before it is used."""

from datetime import date
from typing import Any, Literal

from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Identifier, Placeholder

from gitinsight.errors import NotFound
from warehouse.engine import Connection, driver

_COLUMNS = """
select column_name as name, data_type as type, is_nullable = 'YES' as nullable,
       col_description(
           format('%%I.%%I', table_schema, table_name)::regclass, ordinal_position::int
       ) as description
from information_schema.columns
where table_schema = 'marts' and table_name = %s
order by ordinal_position
"""
_UNSORTABLE = frozenset({"json", "jsonb", "ARRAY"})
_COUNTS = frozenset({"smallint", "integer", "bigint", "numeric"})
_UNITS = {"day": "day", "week": "week", "month": "month"}

Row = dict[str, Any]


def names(connection: Connection) -> list[Row]:
    cursor = driver(connection).cursor(row_factory=dict_row)
    return cursor.execute(
        "select table_name as name,"
        " obj_description(format('marts.%I', table_name)::regclass, 'pg_class') as description"
        " from information_schema.tables where table_schema = 'marts' order by table_name"
    ).fetchall()


def columns(connection: Connection, mart: str) -> list[Row]:
    """NotFound where there is no such mart, or none yet."""
    found = driver(connection).cursor(row_factory=dict_row).execute(_COLUMNS, (mart,)).fetchall()
    if not found:
        raise NotFound(f"mart {mart}")
    return found


def rows(
    connection: Connection, mart: str, *, repository_id: int | None, limit: int, offset: int = 0
) -> list[Row]:
    """In the order of the columns, which no two rows share whole."""
    known = columns(connection, mart)
    where: Composable = SQL("")
    if repository_id is not None:
        if not any(one["name"] == "repository_id" for one in known):
            raise NotFound(f"column repository_id of mart {mart}")
        where = SQL("where repository_id = {}").format(Placeholder("repository_id"))
    order = SQL(", ").join(
        Identifier(one["name"]) for one in known if one["type"] not in _UNSORTABLE
    )
    statement = SQL("select * from {} {} order by {} limit {} offset {}").format(
        Identifier("marts", mart), where, order, Placeholder("limit"), Placeholder("offset")
    )
    return (
        driver(connection)
        .cursor(row_factory=dict_row)
        .execute(statement, {"repository_id": repository_id, "limit": limit, "offset": offset})
        .fetchall()
    )


def summary(connection: Connection, repository_id: int) -> Row:
    found = rows(connection, "repository_summary", repository_id=repository_id, limit=1)
    if not found:
        raise NotFound(f"summary of repository {repository_id}")
    return found[0]


def series(
    connection: Connection, repository_id: int, metric: str, *, first: date | None,
    last: date | None, every: Literal["day", "week", "month"], actors: Literal["human", "all"],
) -> list[Row]:  # fmt: skip
    """Sums of one count of ``marts.daily_activity``; null where one of its days is unknown."""
    known = {one["name"]: one["type"] for one in columns(connection, "daily_activity")}
    day = next((name for name, kind in known.items() if kind == "date"), None)
    if day is None or known.get(metric) not in _COUNTS or metric == "repository_id":
        raise NotFound(f"metric {metric}")
    kind = next((name for name in ("actor_class", "actor_type") if name in known), None)
    only_humans = (
        SQL("and {} = 'human'").format(Identifier(kind))
        if kind is not None and actors == "human"
        else SQL("")
    )
    statement = SQL(
        "select date_trunc({unit}, {day}::timestamp)::date as at,"
        " case when bool_or({metric} is null) then null else sum({metric})::bigint end as value"
        " from marts.daily_activity where repository_id = {repository_id}"
        " and ({first}::date is null or {day} >= {first}::date)"
        " and ({last}::date is null or {day} <= {last}::date) {only_humans} group by 1 order by 1"
    ).format(
        unit=Placeholder("unit"),
        day=Identifier(day),
        metric=Identifier(metric),
        repository_id=Placeholder("repository_id"),
        first=Placeholder("first"),
        last=Placeholder("last"),
        only_humans=only_humans,
    )
    values = {"unit": _UNITS[every], "repository_id": repository_id, "first": first, "last": last}
    return driver(connection).cursor(row_factory=dict_row).execute(statement, values).fetchall()
