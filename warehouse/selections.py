"""Which rows of a mart and which of its columns somebody wants, in his own words.

A name is one of the mart's own before a statement has it. A value is never part of one: PostgreSQL
makes it what its column is, or says that it is none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg.sql import SQL, Composable, Identifier, Placeholder

from gitinsight.errors import PermanentError
from warehouse.engine import UNFIT, Connection, driver

COMPARISONS: Mapping[str, LiteralString] = {
    "eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "in": "= any",
}  # fmt: skip
STATES: Mapping[str, LiteralString] = {"null": "is null", "not_null": "is not null"}
"""What follows `is`."""
OPERATORS = (*COMPARISONS, "is")
MOST = 16
"""Filters at once."""
_INSTANTS = frozenset({"date", "timestamp with time zone", "timestamp without time zone"})
_COMPARED = _INSTANTS | {
    "smallint", "integer", "bigint", "numeric", "real", "double precision", "boolean", "text",
    "character varying", "uuid",
}  # fmt: skip
"""Types whose values are in an order that does not depend on how they are written."""
_INSTANT = re.compile(r"-?infinity|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.+Z -]*)?")
"""Today and tomorrow are others each day, and an answer is kept by how it was asked for. Which of
05-01-2026 is the month, PostgreSQL decides by its settings and nobody else knows.
"""
_SHOWN_CHARACTERS = 100

Told = Callable[[str, object], Composable]
"""What stands for a value in a statement, by a name of its own."""


class SelectionRefused(PermanentError):
    """``parameter`` is `filter` or `fields`, ``part`` what it was of what was given."""

    http_status = 422

    def __init__(self, parameter: str, part: str, reason: str) -> None:
        super().__init__(parameter, part, reason)
        self.parameter = parameter
        self.part = part
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.parameter} {_short(self.part)}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Filter:
    """``COLUMN:OPERATOR:VALUE``, as it was given."""

    column: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.column}:{self.operator}:{self.value}"

    def refused(self, reason: str) -> SelectionRefused:
        return SelectionRefused("filter", str(self), reason)


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows that pass all ``filters``; ``fields`` are the columns, None is every one."""

    filters: tuple[Filter, ...] = ()
    fields: frozenset[str] | None = None

    def columns(self, known: Mapping[str, str]) -> dict[str, str]:
        """Those that are wanted of those ``known`` by their types, in their order;
        SelectionRefused where one is none.
        """
        if self.fields is None:
            return dict(known)
        for one in sorted(self.fields):
            if one not in known:
                raise SelectionRefused("fields", one, "there is no such column")
        return {name: kind for name, kind in known.items() if name in self.fields}

    def conditions(
        self, connection: Connection, known: Mapping[str, str], told: Told
    ) -> list[Composable]:
        """SelectionRefused where a filter has no meaning for these columns. Each value is tried
        alone first: in the statement itself nothing would say whose it was that failed.
        """
        found: list[Composable] = []
        for number, one in enumerate(self.filters):
            kind = known.get(one.column)
            if kind is None:
                raise one.refused("there is no such column")
            column = Identifier(one.column)
            if one.operator == "is":
                found.append(SQL("{} {}").format(column, SQL(STATES[one.value])))
                continue
            value = _given(one, kind)
            is_several = isinstance(value, list)
            # The types are text that PostgreSQL itself has written.
            cast = SQL(f"({{}}::text[])::{kind}[]" if is_several else f"({{}}::text)::{kind}")
            _try(connection, one, cast.format(Placeholder()), value, kind=kind)
            found.append(
                SQL("{} {} ({})").format(
                    column, SQL(COMPARISONS[one.operator]),
                    cast.format(told(f"filter_{number}", value)),
                )
            )  # fmt: skip
        return found


EVERYTHING = Selection()


def parse(filters: Sequence[str] = (), fields: str | None = None) -> Selection:
    """SelectionRefused where something is not of its form, whatever the mart."""
    if len(filters) > MOST:
        raise SelectionRefused("filter", filters[MOST], f"no more than {MOST} at once")
    wanted = None if fields is None else frozenset(fields.split(","))
    return Selection(tuple(map(_filter, filters)), wanted)


def _filter(text: str) -> Filter:
    column, _, rest = text.partition(":")
    operator, colon, value = rest.partition(":")
    if not colon:
        raise SelectionRefused("filter", text, "it has the form COLUMN:OPERATOR:VALUE")
    found = Filter(column, operator, value)
    if operator not in OPERATORS:
        raise found.refused(f"there is no operator {_short(operator)}, but {', '.join(OPERATORS)}")
    if operator == "is" and value not in STATES:
        raise found.refused(f"a column is {' or '.join(STATES)}")
    return found


def _given(one: Filter, kind: str) -> str | list[str]:
    if kind not in _COMPARED:
        raise one.refused(f"{kind} is not compared; ask whether it is null")
    values = one.value.split(",") if one.operator == "in" else [one.value]
    if kind in _INSTANTS and not all(map(_INSTANT.fullmatch, values)):
        raise one.refused("an instant is written as 2026-11-23 or 2026-11-23T12:00:00Z")
    return values if one.operator == "in" else one.value


def _try(
    connection: Connection, one: Filter, cast: Composable, value: str | list[str], *, kind: str
) -> None:
    try:
        driver(connection).execute(SQL("select {} is null").format(cast), (value,))
    except (*UNFIT, UnicodeEncodeError) as error:
        raise one.refused(f"this is no {kind}") from error


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…")
