"""SQL over HTTP: what it answers, what that rests on, and how an attack ends."""

import csv
import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from pyarrow import parquet

from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.hostile_sql import HOSTILE
from tests.support.rows import value
from warehouse.engine import Engine

SQL = "/api/v1/sql"
PROBLEM = "urn:gitinsight:problem:"


@pytest.fixture(scope="module")
def api(published: httpx2.Client, library: Engine) -> httpx2.Client:
    with library.begin() as connection:
        connection.exec_driver_sql("comment on table marts.daily_activity is 'days'")
        connection.exec_driver_sql(
            """update ops.publications set coverage = case repository_id
            when 1 then '{"issues": {"upstream": 10, "held": 9, "ratio": 0.9}, "tags":
                {"upstream": null, "held": 3, "ratio": null}}'::jsonb
            else '{"issues": {"upstream": 30, "held": 30, "ratio": 1.0}}'::jsonb end"""
        )
    return published


def ask(api: httpx2.Client, sql: str, **rest: Any) -> httpx2.Response:
    return api.post(SQL, json={"sql": sql, **rest})


def test_an_answer_has_columns_rows_and_what_it_rests_on(api: httpx2.Client) -> None:
    answer = ask(
        api, "select day, commits_count from daily_activity order by repository_id, day", limit=1
    )

    assert answer.json() == {
        "columns": [
            {"name": "day", "type": "date"}, {"name": "commits_count", "type": "bigint"},
        ],
        "data": [["2026-01-05", 3]],
        "meta": {
            "as_of": "2026-06-01T12:00:00Z", "newest_as_of": "2026-06-01T12:00:00Z",
            "repositories_count": 2,
            "coverage": {
                "issues": {"upstream": 40, "held": 39, "ratio": 0.975},
                "tags": {"upstream": None, "held": 3, "ratio": None},
            },
            "quality": {"status": "passed", "failed_checks": []},
            "marts": [
                {
                    "name": "marts.daily_activity", "description": "days",
                    "definitions": ["commits@1"],
                }
            ],
            "rows_count": 1, "is_cut": True,
        },
    }  # fmt: skip
    assert answer.headers["cache-control"] == "no-store"


def test_values_are_told_as_elsewhere_and_what_is_no_number_is_null(api: httpx2.Client) -> None:
    answer = ask(
        api,
        "select null, true, 1.50, 12345678901234567890, 'nan'::float, array['nan'::numeric, 1],"
        " '{\"a\": [1]}'::jsonb, now() at time zone 'UTC' is null, 'ü',"
        " '2026-01-01 00:00Z'::timestamptz, interval '1 day', sum(commits_count),"
        " age('2026-03-01', '2025-01-15')"
        " from daily_activity",
    )

    assert answer.json()["data"] == [[
        None, True, 1.5, 12345678901234567890, None, [None, 1], {"a": [1]}, False, "ü",
        "2026-01-01T00:00:00Z", "P1D", 14, "P1Y1M17D",
    ]]  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "kind", "where", "told"),
    [
        ("select 1,\n  pg_sleep(1)", "statement-refused", [2, 3], "function pg_sleep is not"),
        ("select * from ops.jobs", "statement-refused", [1, 19], "ops.jobs is no table of marts"),
        ("select 1; select 2", "statement-refused", [], "one statement at a time"),
        ("select from where", "statement-refused", [1, 13], "at 'where'"),
        ("select commits from contributor", "query-failed", [], 'column "commits" does not exist'),
        ("select 1 / 0", "query-failed", [], "division by zero"),
        ("select count(*) from " + ", ".join(f"contributor c{n}" for n in range(20)),
         "statement-too-costly", [], "PostgreSQL plans a cost"),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong_with_a_statement_and_where(
    api: httpx2.Client, sql: str, kind: str, where: list[int], told: str
) -> None:
    answer = ask(api, sql)

    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, PROBLEM + kind)
    assert told in problem["detail"]
    assert problem["errors"][0]["where"] == ["body", "sql", *where]


def test_the_limits_are_those_of_the_settings(library: Engine) -> None:
    url = library.url.render_as_string(hide_password=False)
    told = {"sql_seconds": 1, "sql_bytes": 100, "sql_cost": 10**45}
    settings = Settings.model_validate({"warehouse": {"url": url}, "api": told})
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    with serving_api(settings) as at, httpx2.Client(base_url=at, headers=headers) as client:
        large = ask(client, "select * from daily_activity")
        slow = ask(
            client, "select count(*) from " + ", ".join(f"contributor c{n}" for n in range(14))
        )

    assert large.json()["type"] == PROBLEM + "answer-too-large"
    assert slow.json()["type"] == PROBLEM + "statement-too-costly"
    assert "longer than 1 seconds" in slow.json()["detail"]


def test_whoever_is_on_this_machine_is_an_analyst(api: httpx2.Client) -> None:
    """In ``local`` mode; tests/e2e/test_permissions.py has the rest."""
    answer = httpx2.post(f"{api.base_url}{SQL}", json={"sql": "select 1 as one"})

    assert (answer.status_code, answer.json()["data"]) == (200, [[1]])


@pytest.mark.parametrize(
    "body",
    [{}, {"sql": ""}, {"sql": 1}, {"sql": "select 1", "limit": 0}, {"sql": "select 1", "role": "x"},
     {"sql": "select 1", "limit": 10_001}, {"sql": "x" * 20_001}, [], "select 1", None],
    ids=str,
)  # fmt: skip
def test_what_is_no_question_is_not_valid(api: httpx2.Client, body: Any) -> None:
    answer = api.post(SQL, json=body)

    assert (answer.status_code, answer.json()["type"]) == (422, PROBLEM + "invalid-request")


def test_an_answer_comes_as_csv_that_no_spreadsheet_runs(api: httpx2.Client) -> None:
    sql = (
        "select person, commits_count - 9 as n, '=cmd()' as \"=1\", '@a', -1.5, 'a=b',"
        " true, null, '{\"a\": 1}'::jsonb"
        " from contributor where repository_id = 1 order by person limit 1"
    )
    answer = api.post(SQL, params={"format": "csv"}, json={"sql": sql})

    header, row = csv.reader(io.StringIO(answer.text))
    assert header[:3] == ["person", "n", "'=1"]
    assert row == ["ann", "-4", "'=cmd()", "'@a", "-1.5", "a=b", "true", "", '{"a": 1}']
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    meta = json.loads(answer.headers["gitinsight-meta"])
    assert meta["marts"][0]["name"] == "marts.contributor"


def test_an_answer_comes_as_parquet(api: httpx2.Client) -> None:
    sql = "select day, commits_count, sum(1) as n, '=a' as n from daily_activity group by 1, 2"
    answer = api.post(SQL, params={"format": "parquet"}, json={"sql": f"{sql} order by 1"})

    table = parquet.read_table(io.BytesIO(answer.content))
    assert table.column_names == ["day", "commits_count", "n", "n_4"]
    assert table.column("commits_count").to_pylist() == [3, 4, None]
    assert table.column("n_4").to_pylist() == ["=a"] * 3


@pytest.mark.parametrize("format_", ["json", "csv", "parquet"])
def test_no_rows_are_an_answer_too(api: httpx2.Client, format_: str) -> None:
    answer = api.post(
        SQL, params={"format": format_}, json={"sql": "select 1 as a from contributor limit 0"}
    )

    assert answer.status_code == 200
    assert format_ != "csv" or answer.text == "a\r\n"


def test_whatever_is_sent_is_answered_and_changes_nothing(
    api: httpx2.Client, library: Engine
) -> None:
    heavy = (
        "select " + "(" * 9_000, "select " + "array[" * 40 + "1" + "]" * 40,
        "select 1 from contributor" + " join contributor" * 100,
        "select " + "not " * 4_000 + "true",
        "select 1 in (" + ", ".join(map(str, range(3_500))) + ")",
        "select 1 from contributor where person ~ '(a+)+$' or person ~ '(x+x+)+y'",
        "select '\U0001f600' as \u202e", "select\u2028 1", "select \u0000 1",
    )  # fmt: skip
    for text in (*HOSTILE, *heavy):
        begun = time.monotonic()

        answer = ask(api, text)

        assert answer.status_code in {200, 422}, text
        assert time.monotonic() - begun < 5, text
    assert value(library, "select count(*) from marts.contributor") == 6
    assert value(library, "select count(*) from ops.jobs") == 2


@pytest.mark.parametrize("format_", ["json", "csv", "parquet"])
@pytest.mark.parametrize("levels", [10, 101, 900, 980, 3_000, 9_000])
def test_a_value_of_many_levels_is_told_or_refused(
    api: httpx2.Client, levels: int, format_: str
) -> None:
    text = f"select '{'[' * levels}{']' * levels}'::jsonb as a"

    answer = api.post(SQL, params={"format": format_}, json={"sql": text})

    assert answer.status_code == (200 if levels == 10 else 422)
    assert levels == 10 or "nested too deeply" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("'{\"a\": 123456789012345678901234567890, \"b\": -1}'::jsonb",
         '{"a":123456789012345678901234567890,"b":-1}'),
        ("'[1e400]'::json", "[null]"), ("10::numeric ^ 40", "1" + "0" * 40),
        ("9223372036854775807", "9223372036854775807"), ("'infinity'::float", "null"),
        ("true and null", "null"), ("repository_id = 1 and person > ''", "true"),
    ],
)  # fmt: skip
def test_odd_values_are_json_that_is_valid(api: httpx2.Client, value: str, told: str) -> None:
    answer = ask(api, f"select {value} as a from contributor where person = 'ann' limit 1")

    assert answer.status_code == 200
    assert f'"data":[[{told}' in answer.text


@pytest.mark.parametrize(
    "value",
    ["'infinity'::date", "'20000-01-01'::date", "'1000000 years'::interval", "'24:00'::time",
     f"'{'9' * 5_000}'::json", "'2026-01-01 BC'::timestamptz"],
)  # fmt: skip
def test_a_value_that_cannot_be_told_is_no_error_of_ours(api: httpx2.Client, value: str) -> None:
    answer = ask(api, f"select {value} as a")

    assert answer.status_code in {200, 422}


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"sql": ' * 20_000, b'{"sql": "select 1"', b"\xff", b'{"sql": "\\ud800"}'],
)
def test_a_body_that_is_no_json_is_refused(api: httpx2.Client, body: bytes) -> None:
    answer = api.post(SQL, content=body, headers={"content-type": "application/json"})

    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


def test_many_at_once_are_all_answered(api: httpx2.Client) -> None:
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda n: ask(api, f"select {n}").json()["data"], range(40)))

    assert found == [[[n]] for n in range(40)]


def test_without_room_for_analysts_it_is_tried_again_later(
    api: httpx2.Client, library: Engine
) -> None:
    with library.begin() as connection:
        connection.exec_driver_sql("alter role gitinsight_analyst connection limit 0")
    try:
        answer = ask(api, "select 1")
    finally:
        with library.begin() as connection:
            connection.exec_driver_sql("alter role gitinsight_analyst connection limit 16")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
