"""The words that an analyst may use, against what the parser and PostgreSQL make of them."""

import pytest
import sqlglot
from sqlglot import exp

from tests.support.rows import value
from warehouse.engine import Engine
from warehouse.sql_words import FUNCTIONS, NODES, TYPES

NOT_OF_THE_CATALOGUE = {"row"}
"""What looks like a function and is none."""


def test_nothing_that_writes_or_locks_is_among_them() -> None:
    writing = (exp.DDL, exp.DML, exp.Command, exp.Into, exp.Lock, exp.Set, exp.Parameter)

    assert [one for one in NODES - {exp.Select, exp.Values} if issubclass(one, writing)] == [
        one for one in NODES if issubclass(one, exp.Query) and issubclass(one, writing)
    ]
    assert not {exp.Anonymous, exp.Dot, exp.Operator, exp.Into, exp.Lock, exp.Command} & NODES


@pytest.mark.parametrize("name", sorted(FUNCTIONS - NOT_OF_THE_CATALOGUE))
def test_a_function_is_one_of_postgresql_that_changes_nothing(warehouse: Engine, name: str) -> None:
    kinds = value(
        warehouse,
        "select array_agg(distinct provolatile::text) from pg_proc"
        " where proname = %s and pronamespace = 'pg_catalog'::regnamespace",
        name,
    )
    assert kinds is not None
    assert set(kinds) <= {"i", "s"}


def test_no_type_looks_into_the_catalogue_of_postgresql() -> None:
    for name in ("regclass", "oid", "name", "xml", "pg_lsn", "marts.own"):
        parsed = sqlglot.parse_one(f"select a::{name}", read="postgres")

        found = [one for one in parsed.walk() if type(one) not in NODES]
        found += [one for one in parsed.find_all(exp.DataType) if one.this not in TYPES]
        assert found, name
