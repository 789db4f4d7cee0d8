"""Marts over HTTP: their columns, their rows page by page, and null where unknown."""

import io
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryFile
from typing import IO, Any

import httpx2
import pytest
from pyarrow import parquet

from api import marts
from api.session import PLACES
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.marts import publish_two
from tests.support.people import client_of, where_keys_are_needed
from tests.support.rows import value
from tests.support.waiting import wait_for
from warehouse.engine import Engine

MARTS = "/api/v1/marts"
ROWS = f"{MARTS}/daily_activity/rows"


@pytest.fixture(scope="module")
def api(published: httpx2.Client, library: Engine) -> httpx2.Client:
    with library.begin() as connection:
        connection.exec_driver_sql("comment on table marts.contributor is 'who'")
    return published


def test_every_mart_is_listed(api: httpx2.Client) -> None:
    assert api.get(MARTS).json()["data"] == [
        {"name": "contributor", "description": "who"},
        {"name": "daily_activity", "description": None},
        {"name": "repository_summary", "description": None},
    ]


def test_the_columns_of_a_mart_are_told(api: httpx2.Client) -> None:
    found = api.get(f"{MARTS}/contributor").json()

    assert found["name"] == "contributor"
    assert found["columns"][2] == {
        "name": "commits_count", "type": "bigint", "nullable": True, "description": None,
        "definition": None,
    }  # fmt: skip


def test_a_column_that_holds_a_metric_names_its_definition(api: httpx2.Client) -> None:
    columns = api.get(f"{MARTS}/daily_activity").json()["columns"]

    found = {one["name"]: one["definition"] for one in columns}
    assert (found["commits_count"], found["day"]) == ("commits@1", None)


@pytest.mark.parametrize("rest", ["", "/rows"])
@pytest.mark.parametrize(
    "name", ["nothing", "pg_class", "github_issues", "contributor%3Bdrop%20table", "CONTRIBUTOR"]
)
def test_one_that_is_not_there_is_not_found(api: httpx2.Client, name: str, rest: str) -> None:
    answer = api.get(f"{MARTS}/{name}{rest}")

    assert (answer.status_code, answer.json()["type"]) == (404, "urn:gitinsight:problem:not-found")


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 500])
def test_pages_show_every_row_once(api: httpx2.Client, limit: int) -> None:
    found: list[dict[str, Any]] = []
    query: dict[str, str | int] = {"limit": limit}
    while True:
        page = api.get(ROWS, params=query).json()
        found += page["data"]
        if page["next_cursor"] is None:
            break
        assert len(page["data"]) == limit
        query["cursor"] = page["next_cursor"]

    assert [(row["repository_id"], row["day"]) for row in found] == [
        (repository_id, day)
        for repository_id in (1, 2)
        for day in ("2026-01-05", "2026-01-06", "2026-01-12")
    ]


def test_rows_of_one_repository_say_how_sure_they_are(api: httpx2.Client) -> None:
    found = api.get(ROWS, params={"repository_id": 1}).json()

    assert {row["repository_id"] for row in found["data"]} == {1}
    assert found["meta"]["as_of"] == "2026-06-01T12:00:00Z"
    assert found["meta"]["definition"] is None
    assert found["next_cursor"] is None


def test_rows_of_several_cannot_say_that_as_one(api: httpx2.Client) -> None:
    assert api.get(ROWS).json()["meta"] is None


def test_what_is_unknown_is_null(api: httpx2.Client) -> None:
    unknown = api.get(ROWS, params={"repository_id": 1}).json()["data"][2]

    assert (unknown["commits_count"], unknown["lines_added_count"]) == (None, None)
    assert unknown["active_persons_count"] == 0


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 501}, {"limit": -1}, {"repository_id": "x"}, {"cursor": "x"},
     {"cursor": "WyIxIl0="}, {"cursor": "WyJ4IiwgIjIwMjYtMDEtMDUiXQ=="}],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_meant_is_not_valid(api: httpx2.Client, query: dict[str, str | int]) -> None:
    """The last two are cursors of other lists."""
    answer = api.get(ROWS, params=query)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == ["query", *query]


@pytest.mark.parametrize("format_", ["json", "csv", "parquet"])
@pytest.mark.parametrize("of_one", [{}, {"repository_id": 2}], ids=str)
def test_an_answer_stands_until_somebody_publishes(
    api: httpx2.Client, library: Engine, format_: str, of_one: dict[str, int]
) -> None:
    asked = {"format": format_, **of_one}
    held = {"if-none-match": api.get(ROWS, params=asked).headers["etag"]}
    assert api.get(ROWS, params=asked, headers=held).status_code == 304
    as_strong = {"if-none-match": held["if-none-match"].removeprefix("W/")}
    assert api.get(ROWS, params=asked, headers=as_strong).status_code == 304

    with library.begin() as connection:
        connection.exec_driver_sql(
            "update ops.publications set publication = publication + 1 where repository_id = 2"
        )

    wait_for(lambda: api.get(ROWS, params=asked, headers=held).status_code == 200)


@pytest.mark.parametrize("format_", ["json", "csv", "parquet"])
def test_whoever_holds_any_version_holds_none_of_what_is_not_there(
    api: httpx2.Client, format_: str
) -> None:
    """In every format alike."""

    def status(path: str) -> int:
        held = {"if-none-match": "*"}
        return api.get(path, params={"format": format_}, headers=held).status_code

    assert status(ROWS) == 304
    assert status("/api/v1/marts/nothing/rows") == 404


def test_all_rows_come_as_csv(api: httpx2.Client) -> None:
    answer = api.get(ROWS, params={"format": "csv", "limit": 1})

    header, *lines = answer.text.splitlines()
    assert header.startswith("repository_id,day,commits_count,")
    assert len(lines) == 6
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="daily_activity.csv"'


def test_rows_of_one_repository_come_as_parquet(api: httpx2.Client) -> None:
    answer = api.get(ROWS, params={"format": "parquet", "repository_id": 2})

    table = parquet.read_table(io.BytesIO(answer.content))
    assert table.column("repository_id").to_pylist() == [2, 2, 2]
    assert table.column("commits_count").to_pylist() == [3, 4, None]


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_more_than_a_file_may_hold_is_refused(
    api: httpx2.Client, library: Engine, format_: str
) -> None:
    url = library.url.render_as_string(hide_password=False)
    settings = Settings.model_validate({"warehouse": {"url": url}, "api": {"export_bytes": 100}})
    with serving_api(settings) as address, httpx2.Client(base_url=address) as client:
        refused = client.get(ROWS, params={"format": format_})

        assert refused.status_code == 422
        assert refused.json()["type"] == "urn:gitinsight:problem:export-too-large"
        assert "daily_activity does not fit into the 100 bytes" in refused.json()["detail"]
        assert client.get(ROWS).status_code == 200
    assert api.get(ROWS, params={"format": format_}).status_code == 200


def test_many_files_at_once_hold_up_nobody_who_reads(api: httpx2.Client, library: Engine) -> None:
    def made() -> int:
        return int(value(library, "select count(*) from pg_locks where not granted"))

    def get(_: int) -> int:
        return api.get(ROWS, params={"format": "csv"}).status_code

    with ThreadPoolExecutor(PLACES) as callers:
        with library.begin() as connection:
            connection.exec_driver_sql("lock table marts.daily_activity in access exclusive mode")
            files = callers.map(get, range(PLACES))
            wait_for(lambda: made() >= marts.AT_ONCE)

            assert api.get("/api/v1/repositories", timeout=5).status_code == 200
            assert made() == marts.AT_ONCE
        assert set(files) == {200}


def test_a_file_is_closed_also_where_nobody_waits_for_it_any_more(
    api: httpx2.Client, library: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no name: the disk has its room again when it is closed, and not before."""
    made: list[IO[bytes]] = []

    def recorded() -> IO[bytes]:
        made.append(TemporaryFile())  # noqa: SIM115 - what is tested closes it
        return made[-1]

    monkeypatch.setattr(marts, "TemporaryFile", recorded)
    head = f"GET {ROWS}?format=csv HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_KEY}\r\n\r\n"
    with library.begin() as connection:
        connection.exec_driver_sql("lock table marts.daily_activity in access exclusive mode")
        address = (api.base_url.host, api.base_url.port or 80)
        with socket.create_connection(address) as caller:
            caller.sendall(head.encode())
            wait_for(lambda: made)
        api.get("/health/live")  # the server has seen by then that he is gone

    wait_for(lambda: made[0].closed)


@pytest.mark.parametrize("format_", ["json", "csv", "parquet"])
def test_of_a_repository_that_there_is_not_there_are_no_rows(
    api: httpx2.Client, format_: str
) -> None:
    """An empty file would say that it has none."""
    answer = api.get(ROWS, params={"format": format_, "repository_id": 99})

    assert (answer.status_code, answer.json()["type"]) == (404, "urn:gitinsight:problem:not-found")


def test_a_format_that_there_is_not_is_refused(api: httpx2.Client) -> None:
    assert api.get(ROWS, params={"format": "xlsx"}).status_code == 422
    assert api.get(f"{MARTS}/nothing/rows", params={"format": "csv"}).status_code == 404


class TestSelection:
    def test_filters_and_fields_go_together_page_by_page(self, api: httpx2.Client) -> None:
        """The key is not among the fields."""
        query: dict[str, Any] = {
            "filter": ["commits_count:ge:3", "day:lt:2026-01-12"], "fields": "commits_count,day",
            "limit": 3,
        }  # fmt: skip
        first = api.get(ROWS, params=query).json()
        last = api.get(ROWS, params=query | {"cursor": first["next_cursor"]}).json()

        found = [list(row.items()) for row in first["data"] + last["data"]]
        assert found == 2 * [
            [("day", "2026-01-05"), ("commits_count", 3)],
            [("day", "2026-01-06"), ("commits_count", 4)],
        ]
        assert last["next_cursor"] is None

    def test_they_hold_beside_a_repository(self, api: httpx2.Client) -> None:
        query = {"repository_id": 2, "filter": "commits_count:is:null", "fields": "repository_id"}
        found = api.get(ROWS, params=query).json()

        assert found["data"] == [{"repository_id": 2}]
        assert found["meta"]["as_of"] == "2026-06-01T12:00:00Z"

    def test_each_has_a_version_of_its_own(self, api: httpx2.Client) -> None:
        """What is kept is kept by how it was asked for."""
        for more in ({}, {"repository_id": 1}):
            asked = [
                more | {"filter": one, "fields": fields}
                for one in ("commits_count:eq:3", "commits_count:eq:4")
                for fields in ("day", "day,commits_count")
            ]
            answers = [api.get(ROWS, params=one) for _ in range(2) for one in asked]

            assert [one.json()["data"][0]["day"][-1] for one in answers[:4]] == ["5", "5", "6", "6"]
            assert len({one.headers["etag"] for one in answers}) == len(asked)
            assert [one.content for one in answers[:4]] == [one.content for one in answers[4:]]
            held = {"if-none-match": answers[0].headers["etag"]}
            told = [api.get(ROWS, params=one, headers=held).status_code for one in asked]
            assert told == [304, 200, 200, 200]

    @pytest.mark.parametrize("format_", ["csv", "parquet"])
    def test_files_have_those_rows_and_columns_alone(
        self, api: httpx2.Client, format_: str
    ) -> None:
        query: dict[str, Any] = {
            "format": format_, "filter": ["commits_count:in:4,5", "repository_id:eq:2"],
            "fields": "commits_count,day",
        }  # fmt: skip
        answer = api.get(ROWS, params=query).raise_for_status()

        if format_ == "csv":
            assert answer.text == "day,commits_count\n2026-01-06,4\n"
        else:
            table = parquet.read_table(io.BytesIO(answer.content))
            assert table.column_names == ["day", "commits_count"]
            assert table.column("commits_count").to_pylist() == [4]

    @pytest.mark.parametrize("more", [{}, {"repository_id": 1}, {"format": "csv"},
                                      {"format": "parquet"}], ids=str)  # fmt: skip
    @pytest.mark.parametrize(
        ("name", "given"),
        [
            ("filter", "nothing:eq:1"),
            ("filter", "day"),
            ("filter", "day:like:x"),
            ("filter", "day:eq:today"),
            ("filter", "commits_count:eq:1e400"),
            ("filter", "commits_count:eq:NaN"),
            ("filter", "day:eq:2026-02-30"),
            ("filter", 'day" is null or true --:eq:1'),
            ("filter", "commits_count:eq:1 or true"),
            ("filter", "commits_count:eq:" + "9" * 1_900),
            ("filter", "day:is:x"),
            ("fields", "nothing"),
            ("fields", ""),
            ("fields", "day;drop table ops.jobs"),
        ],
        ids=lambda text: text[:30],
    )
    def test_what_is_wrong_is_named(
        self, api: httpx2.Client, more: dict[str, Any], name: str, given: str
    ) -> None:
        answer = api.get(ROWS, params=more | {name: given})

        assert (answer.status_code, answer.json()["type"]) == (
            422, "urn:gitinsight:problem:invalid-request",
        )  # fmt: skip
        (wrong,) = answer.json()["errors"]
        assert wrong["where"] == ["query", name]
        assert given[:30] in wrong["message"]

    @pytest.mark.parametrize(
        "given", [["day:is:null"] * 17, ["remark:eq:" + "x" * 2_000], ["remark:eq:a\0b"]],
        ids=["many", "long", "nul"],
    )  # fmt: skip
    def test_what_is_too_much_is_not_valid(self, api: httpx2.Client, given: list[str]) -> None:
        assert api.get(ROWS, params={"filter": given}).status_code == 422


class TestPrivate:
    @pytest.fixture
    def asked(self, settings: Settings, warehouse: Engine) -> Iterator[httpx2.Client]:
        """By somebody to whom the second of two repositories is not shown."""
        publish_two(warehouse)
        with (
            serving_api(where_keys_are_needed(settings)) as url,
            client_of(url, ADMIN_KEY) as admin,
        ):
            told = {"name": "k", "role": "analyst", "scopes": ["read", "export"]}
            made = admin.post("/api/v1/api-keys", json=told).json()
            with client_of(url, made["key"]) as client:
                yield client

    @pytest.mark.parametrize(
        "filters",
        [
            ["repository_id:eq:2"],
            ["repository_id:ge:2"],
            ["repository_id:in:2,3"],
            ["repository_id:is:not_null", "repository_id:ne:1"],
        ],
        ids=str,
    )
    def test_no_filter_shows_what_is_not(self, asked: httpx2.Client, filters: list[str]) -> None:
        page = asked.get(ROWS, params={"filter": filters, "fields": "commits_count"})
        file = asked.get(ROWS, params={"filter": filters, "fields": "day", "format": "csv"})

        assert page.json() == {"data": [], "meta": None, "next_cursor": None}
        assert file.raise_for_status().text == "day\n"
        for format_ in ("json", "csv", "parquet"):
            told = {"repository_id": 2, "filter": filters, "format": format_}
            assert asked.get(ROWS, params=told).status_code == 404
        cursor = asked.get(ROWS, params={"limit": 3}).json()["next_cursor"]
        assert cursor is None

    def test_what_is_hidden_is_held_by_nobody_and_not_heard_of(
        self, asked: httpx2.Client, warehouse: Engine
    ) -> None:
        def change(statement: str) -> None:
            with warehouse.begin() as connection:
                connection.exec_driver_sql(statement)

        held = {"if-none-match": asked.get(ROWS).headers["etag"]}
        change("update ops.publications set publication = 7 where repository_id = 2")
        assert asked.get(ROWS, headers=held).status_code == 304

        change("update ops.repositories set is_private = true where repository_id = 1")
        hidden = asked.get(ROWS, headers=held)
        assert (hidden.status_code, hidden.json()["data"]) == (200, [])
