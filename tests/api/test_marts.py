"""Marts over HTTP: their columns, their rows page by page, and null where unknown."""

import io
from typing import Any

import httpx2
import pytest
from pyarrow import parquet

from gitinsight.settings import Settings
from tests.conftest import serving_api
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


def test_a_page_stands_until_somebody_publishes(api: httpx2.Client, library: Engine) -> None:
    held = {"if-none-match": api.get(ROWS).headers["etag"]}
    assert api.get(ROWS, headers=held).status_code == 304

    with library.begin() as connection:
        connection.exec_driver_sql(
            "update ops.publications set publication = 2 where repository_id = 2"
        )

    assert api.get(ROWS, headers=held).status_code == 200


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


def test_a_format_that_there_is_not_is_refused(api: httpx2.Client) -> None:
    assert api.get(ROWS, params={"format": "xlsx"}).status_code == 422
    assert api.get(f"{MARTS}/nothing/rows", params={"format": "csv"}).status_code == 404
