"""What is wanted of a mart, in somebody's own words: rows by filters, some columns, and no SQL."""

from collections.abc import Sequence

import pytest

from tests.support.marts import make
from tests.support.rows import fetch
from warehouse import marts, selections
from warehouse.engine import Connection, Engine
from warehouse.selections import Selection, SelectionRefused, parse

COLUMNS = """
    id bigint primary key, small smallint, hours double precision, share numeric, is_open boolean,
    title text, day date, seen_at timestamptz, kinds jsonb, tags text[], span interval
"""
FULL = (
    1, 7, 2.5, "0.5", True, "a,b'c:d", "2026-06-01", "2026-06-01T12:30:00Z", "{}", ["x"], "1 day",
)  # fmt: skip
OTHER = (
    2, 8, "NaN", "NaN", False, "drop table", "infinity", "2026-06-02T00:00:00Z", "[]", [], None,
)  # fmt: skip
EMPTY = (3, *[None] * 10)


@pytest.fixture(scope="module")
def odd(library: Engine) -> Engine:
    with library.begin() as connection:
        make(connection, "marts.odd", COLUMNS, EMPTY, FULL, OTHER)
    return library


def ids(connection: Connection, selection: Selection) -> list[int]:
    page = marts.rows(connection, "odd", repository_id=None, limit=9, selection=selection)
    return [one["id"] for one in page.rows]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ((), [1, 2, 3]),
        (["id:eq:2"], [2]), (["id:ne:2"], [1, 3]), (["id:lt:2"], [1]), (["id:le:2"], [1, 2]),
        (["id:gt:2"], [3]), (["id:ge:2"], [2, 3]), (["id:in:3,1,9"], [1, 3]), (["id:in:2"], [2]),
        (["small:ge:8"], [2]), (["small:ne:7"], [2]),
        (["hours:eq:2.5"], [1]), (["hours:gt:1e300"], [2]), (["hours:eq:NaN"], [2]),
        (["hours:lt:Infinity"], [1]), (["share:lt:1e400"], [1]), (["share:eq:0.50"], [1]),
        (["is_open:eq:true"], [1]), (["is_open:lt:true"], [2]),
        (["title:eq:a,b'c:d"], [1]), (["title:in:a,b'c:d"], []), (["title:gt:b"], [2]),
        (["title:in:drop table,x"], [2]),
        (["day:eq:2026-06-01"], [1]), (["day:gt:2026-06-01"], [2]), (["day:eq:infinity"], [2]),
        (["day:ge:-infinity"], [1, 2]), (["day:in:2026-06-01,infinity"], [1, 2]),
        (["seen_at:lt:2026-06-01T14:30:01+02:00"], [1]), (["seen_at:eq:2026-06-02"], [2]),
        (["title:is:null"], [3]), (["kinds:is:not_null"], [1, 2]), (["tags:is:null"], [3]),
        (["span:is:null"], [2, 3]),
        (["id:ge:2", "title:is:not_null"], [2]), (["id:eq:1", "id:eq:2"], []),
    ],
    ids=str,
)  # fmt: skip
def test_rows_are_those_that_pass_every_filter(
    odd: Engine, filters: Sequence[str], expected: list[int]
) -> None:
    with odd.begin() as connection:
        assert ids(connection, parse(filters, "id")) == expected


NO_FORM = ("", "id", "id:eq", "eq:3", ":", "id=3")
NO_OPERATOR = ("id:like:3", "id:EQ:3", "id:=:3", "id::3", "id:eq or true:3", "id:is not:null")
NO_STATE = (
    "id:is:3", "id:is:", "id:is:NULL", "id:is:null or true", "id:is:not null",
    "title:is:null or id:eq:1",
)  # fmt: skip
NO_COLUMN = (
    "nothing:eq:1", ":eq:1", "ID:eq:1", '"id":eq:1', 'id" = 1 or true --:eq:1', "id--:eq:1",
    "id/**/:eq:1", "id;drop table marts.odd:eq:1", "odd.id:eq:1", "ctid:eq:1", "xmin:eq:1",
    "id\0:eq:1", "%(id)s:eq:1", "{}:eq:1", "lower(title):eq:x",
)  # fmt: skip
NO_VALUE = (
    "id:eq:", "id:eq:x", "id:eq:1 or true", "id:eq:1'::text", "id:eq:1; drop table marts.odd",
    "id:eq:1e400", "id:eq:1.5", "id:eq:NaN", "id:eq:infinity", "id:eq:9223372036854775808",
    "small:lt:32768", "id:eq:" + "9" * 4_000, "id:in:", "id:in:1,", "id:in:1,x", "id:in:{1}",
    "hours:gt:1e400", "hours:eq:two", "share:eq:1e200000", "share:eq:0x", "is_open:eq:2",
    "is_open:eq:perhaps", "day:eq:", "day:eq:2026-13-01", "day:eq:2026-02-30", "day:eq:1",
    "day:eq:05-01-2026", "seen_at:ge:01-05-2026 12:00:00",
    "day:eq:99999999-01-01", "day:eq:today", "day:lt:tomorrow", "seen_at:ge:now",
    "seen_at:ge:NOW", "day:in:2026-06-01,today", "seen_at:eq:2026-06-01T25:00:00Z",
    "seen_at:eq:2026-06-01T12:00:00+99:00", "seen_at:eq:300000-01-01", "title:eq:a\0b",
    "title:in:a,\0", "title:eq:\ud800", "day:eq:epoch", "day:eq:2026-06-01 BC",
)  # fmt: skip
NO_COMPARISON = ("kinds:eq:{}", "kinds:in:1", "tags:eq:{x}", "tags:ge:x", "span:gt:1 day")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((one, "has the form") for one in NO_FORM), *((one, "no operator") for one in NO_OPERATOR),
        *((one, "is null or not_null") for one in NO_STATE),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_not_of_the_form_is_refused_whatever_the_mart(text: str, reason: str) -> None:
    with pytest.raises(SelectionRefused, match=reason) as refused:
        parse([text])

    assert (refused.value.parameter, refused.value.part) == ("filter", text)
    assert repr(text)[:50] in str(refused.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((one, "no such column") for one in NO_COLUMN), *((one, "this is no|an instant is")
          for one in NO_VALUE), *((one, "is not compared") for one in NO_COMPARISON),
    ],
    ids=ascii,
)  # fmt: skip
def test_what_has_no_meaning_for_a_mart_is_refused_by_name(
    odd: Engine, text: str, reason: str
) -> None:
    with odd.begin() as connection, pytest.raises(SelectionRefused, match=reason) as refused:
        ids(connection, parse(["id:ge:0", text], "id"))

    assert (refused.value.parameter, refused.value.part) == ("filter", text)
    with odd.begin() as connection:
        assert ids(connection, parse(fields="id")) == [1, 2, 3]


def test_no_more_than_some_filters_at_once() -> None:
    assert len(parse(["id:ge:0"] * selections.MOST).filters) == selections.MOST
    with pytest.raises(SelectionRefused, match="no more than 16"):
        parse(["id:ge:0"] * (selections.MOST + 1))


def test_what_is_refused_is_told_shortly() -> None:
    with pytest.raises(SelectionRefused) as refused:
        parse(["x" * 100_000])

    assert len(str(refused.value)) < 200


class TestFields:
    KNOWN = ("repository_id", "day", "title")

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            (None, [*KNOWN]),
            ("title", ["title"]),
            ("title,day", ["day", "title"]),
            ("day,day", ["day"]),
            ("title,day,repository_id", [*KNOWN]),
        ],
    )
    def test_columns_come_in_the_order_of_the_mart(
        self, fields: str | None, expected: list[str]
    ) -> None:
        found = parse(fields=fields).columns(dict.fromkeys(self.KNOWN, "text"))

        assert list(found) == expected

    @pytest.mark.parametrize("fields", ["", "day,", "DAY", "day, title", "*", 'day" from x --'])
    def test_one_that_there_is_not_is_refused(self, fields: str) -> None:
        with pytest.raises(SelectionRefused, match="no such column") as refused:
            parse(fields=fields).columns(dict.fromkeys(self.KNOWN, "text"))

        assert refused.value.parameter == "fields"

    def test_pages_go_on_without_their_key_among_them(self, odd: Engine) -> None:
        selection = parse(["id:ge:1"], "title,share")
        with odd.begin() as connection:
            first = marts.rows(connection, "odd", repository_id=None, limit=2, selection=selection)
            last = marts.rows(
                connection, "odd", repository_id=None, limit=2, selection=selection,
                after=first.end or (),
            )  # fmt: skip

        found = [list(one.items()) for one in (*first.rows, *last.rows)]
        assert [[name for name, _ in one] for one in found] == [["share", "title"]] * 3
        assert [one["share"] for one in first.rows[1:] + last.rows] == [None, None]
        assert (first.end, last.end) == (("2",), None)


def test_whatever_the_values_it_is_one_statement_to_postgresql(odd: Engine) -> None:
    with odd.begin() as connection:
        for number in range(1, 9):
            ids(connection, parse([f"id:ge:{number}", f"title:in:{'x,' * number}"], "id"))
        prepared = fetch(
            connection,
            "select count(*) from pg_prepared_statements where statement ~ 'title.* = any'",
        )

    assert prepared == [(1,)]
