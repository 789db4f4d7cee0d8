"""What a stranger's SQL may be, by the gate and by the rights of the database alone."""

import time
from contextlib import suppress
from itertools import product

import pytest

from gitinsight.metrics import catalogue
from tests.support.hostile_sql import GOOD, HOSTILE, KNOWN, PATIENCE
from warehouse.sql_gate import guarded
from warehouse.statements import MAX_CHARACTERS, StatementRefused

HEAVY = {
    "parentheses": "select " + "(" * 5_000 + "1" + ")" * 5_000,
    "open parentheses": "select " + "(" * 19_000,
    "subqueries": "select * from " + "(select * from " * 900 + "marts.contributor" + ") t" * 900,
    "cases": "select " + "case when true then " * 500 + "1" + " end" * 500,
    "calls": "select " + "coalesce(" * 1_500 + "1" + ")" * 1_500,
    "arrays": "select " + "array[" * 30 + "1" + "]" * 30,
    "indexes": "select a" + "[1]" * 5_000,
    "joins without a condition": "select 1 from a" + " join a" * 60,
    "rows": "select " + "at limit row(" * 25 + "1" + ")" * 25,
    "nots": "select " + "not " * 4_500 + "true",
    "signs": "select " + "- " * 9_000 + "1",
    "sums": "select 1" + "+1" * 9_000,
    "ands": "select true" + " and true" * 2_000,
    "unions": "select 1" + " union select 1" * 1_200,
    "casts": "select 1" + "::int" * 3_500,
    "arrows": "select a" + "->'a'" * 3_500 + " from marts.contributor",
    "braces": "select " + "{a:" * 1_000 + "1" + "}" * 1_000,
    "spaces": "select" + " " * 19_000 + "1",
    "comments": "select " + "/*" * 9_000,
    "quotes": "select " + "'" * 19_001,
    "many tokens of one": "select " + "," * 19_000,
    "too long": "select 1 -- " + "x" * MAX_CHARACTERS,
}


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_hostile_is_refused(text: str) -> None:
    with pytest.raises(StatementRefused):
        guarded(text, KNOWN)


@pytest.mark.parametrize("text", GOOD)
def test_what_is_good_passes(text: str) -> None:
    assert guarded(text, KNOWN).statement


@pytest.mark.parametrize("name", HEAVY)
def test_what_is_heavy_is_refused_or_read_at_once(name: str) -> None:
    begun = time.monotonic()

    with suppress(StatementRefused):
        guarded(HEAVY[name], KNOWN)

    assert time.monotonic() - begun < PATIENCE


def test_a_chain_of_casts_is_refused_where_written_anew_it_is_nested_too_deeply() -> None:
    def casts(count: int) -> str:
        return "select 1" + "::int" * count

    assert guarded(casts(99), KNOWN)
    with pytest.raises(StatementRefused, match="nested too deeply"):
        guarded(casts(101), KNOWN)


def test_fragments_that_are_repeated_and_nested_never_take_long() -> None:
    """What the parser goes back over is found by trying: each of these took seconds once."""
    fragments = (
        "at limit row(", "array[", "array[f(", "join a ", "left join (", "a as (", "numeric(",
        "case when f(", "lateral (select ", "interval (", "in (values (", "-> using (",
    )  # fmt: skip
    for one, other in product(fragments, repeat=2):
        text = f"select 1 from a {(one + other) * 12} 1 {')' * 24}"
        begun = time.monotonic()

        with pytest.raises(StatementRefused):
            guarded(text, KNOWN)

        assert time.monotonic() - begun < PATIENCE, text


def test_a_long_list_is_nothing_special() -> None:
    numbers = ", ".join(map(str, range(3_000)))

    assert guarded(f"select 1 from marts.contributor where repository_id in ({numbers})", KNOWN)


@pytest.mark.parametrize(
    ("text", "reason", "at"),
    [
        ("select person,\n  pg_sleep(1)\nfrom marts.contributor", "function pg_sleep", (2, 3)),
        ("select * from raw.github_issues", "raw.github_issues is no table of marts or", (1, 19)),
        ("select 1 +", "Required keyword", (1, 10)),
        ("update marts.contributor set x = 1", "a statement is a select", (1, 1)),
        ("select * from nothing", "nothing is no table of marts or insights", (1, 15)),
        ("select 1; select 2", "one statement at a time", None),
        ("with recursive a as (select 1) select 1", "with recursive is not allowed", (1, 29)),
        ("select 'a'::xml from contributor", "type xml is not allowed", None),
        ("select a::regclass from marts.contributor", "objectidentifier is not allowed", None),
        ("select 1 from contributor where \ufe64 = 1", "", None),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong_and_where(
    text: str, reason: str, at: tuple[int, int] | None
) -> None:
    with pytest.raises(StatementRefused) as caught:
        guarded(text, KNOWN)

    assert reason in caught.value.reason
    if reason:
        assert caught.value.at == at


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("select 1", {}),
        ("select person from contributor", {("marts", "contributor"): ("person",)}),
        ("table MARTS.Contributor", {("marts", "contributor"): KNOWN["marts"]["contributor"]}),
        ("select count(*) from bus_factor", {("insights", "bus_factor"): ()}),
        ("with contributor as (select person from contributor) select * from contributor",
         {("marts", "contributor"): KNOWN["marts"]["contributor"]}),
        ("with contributor as (select 1) select 1 from contributor", {}),
        ("with a as (select 1), b as (select * from a) select 1 from b, a", {}),
        ("with a as (select 1) select 1 union select 2 from a", {}),
        ("(with contributor as (select 1) select 1) union select 1 from contributor",
         {("marts", "contributor"): ()}),
        ("with contributor as (select 1) select 1 from marts.contributor",
         {("marts", "contributor"): ()}),
    ],
)  # fmt: skip
def test_it_tells_what_is_read(text: str, tables: object) -> None:
    assert guarded(text, KNOWN).tables == tables


def test_what_runs_is_what_was_read_and_never_the_text() -> None:
    found = guarded("select /* a */ Person from Contributor -- b", KNOWN)

    assert found.statement == 'SELECT Person FROM "marts"."contributor" AS Contributor'


def test_a_table_that_is_named_in_full_goes_by_its_name() -> None:
    found = guarded("select marts.contributor.person from marts.contributor", KNOWN)

    assert found.statement == (
        'SELECT contributor.person FROM "marts"."contributor" AS contributor'
    )  # fmt: skip


def test_the_name_of_a_part_of_with_is_never_that_of_a_function() -> None:
    found = guarded(
        'with "current_user" as (select 7 as a) select x.a from current_user as x', KNOWN
    )

    assert 'FROM "current_user" AS x' in found.statement


def test_a_function_in_place_of_a_table_is_told_its_columns() -> None:
    found = guarded("select x from jsonb_array_elements('[1]') as x, lower('a')", KNOWN)

    assert found.statement.endswith(
        """ FROM JSONB_ARRAY_ELEMENTS('[1]') AS x("value"), LOWER('a') AS "lower"("lower")"""
    )


def test_tables_of_the_past_are_where_it_says() -> None:
    found = guarded("select 1 from marts.contributor as c", KNOWN, moved={"marts": "past"})

    assert found.statement == 'SELECT 1 FROM "past"."contributor" AS c'
    assert list(found.tables) == [("marts", "contributor")]


def test_every_table_is_its_readable_rows_alone() -> None:
    found = guarded(
        "with a as (select 1 from contributor) select 1 from a, bus_factor b",
        KNOWN,
        readable=[2, 1],
    )

    bounded = 'SELECT * FROM "{}"."{}" WHERE repository_id IN ({}) OFFSET 0'
    assert bounded.format("marts", "contributor", "1, 2") in found.statement
    assert bounded.format("insights", "bus_factor", "1, 2") in found.statement
    assert found.statement.count("repository_id IN") == 2


def test_who_may_read_nothing_reads_no_row() -> None:
    found = guarded("select 1 from contributor", KNOWN, readable=[])

    assert "repository_id IN (NULL)" in found.statement


def test_a_table_of_no_repository_is_refused_to_who_may_not_read_all() -> None:
    assert guarded("select 1 from dim_day", KNOWN)
    with pytest.raises(StatementRefused, match="does not say of which repository"):
        guarded("select 1 from dim_day", KNOWN, readable=[1])


def test_every_formula_of_the_catalogue_passes() -> None:
    known: dict[str, dict[str, tuple[str, ...]]] = {"marts": {}, "insights": {}}
    for metric in catalogue.metrics().values():
        for table, columns in metric.sources.items():
            schema, _, name = table.partition(".")
            known[schema][name] = ("repository_id", *columns)

    for metric in catalogue.metrics().values():
        assert guarded(metric.formula, known).tables.keys() == {
            tuple(one.split(".")) for one in metric.sources
        }
