"""What the tools of agents answer, and on what that rests."""

from typing import Any

import httpx2
import pytest
from mcp import Client

from tests.support.agents import call, using


@pytest.fixture(scope="module")
def api(published: httpx2.Client) -> httpx2.Client:
    return published


def test_marts_are_listed_and_explained(api: httpx2.Client) -> None:
    names = [one["name"] for one in call(api, "list_marts")["data"]]
    assert names == ["contributor", "daily_activity", "repository_summary"]

    found = call(api, "describe_mart", mart="daily_activity")
    definitions = {one["name"]: one["definition"] for one in found["data"]}
    assert definitions["commits_count"] == "commits@1"
    assert found["meta"]["marts"][0]["name"] == "marts.daily_activity"


def test_rows_come_page_by_page_and_say_what_they_rest_on(api: httpx2.Client) -> None:
    page = call(api, "mart_rows", mart="contributor", repository_id=2, limit=2)
    rest = call(
        api, "mart_rows", mart="contributor", repository_id=2, limit=2,
        cursor=page["next_cursor"],
    )  # fmt: skip

    assert [one["person"] for one in page["data"] + rest["data"]] == ["ann", "bob", "eve"]
    assert (page["meta"]["is_cut"], rest["meta"]["is_cut"], rest["next_cursor"]) == (
        True, False, None,
    )  # fmt: skip
    assert page["meta"]["as_of"] == "2026-06-01T12:00:00Z"
    assert page["meta"]["marts"][0]["name"] == "marts.contributor"


def test_rows_are_those_that_pass_the_filters(api: httpx2.Client) -> None:
    found = call(
        api, "mart_rows", mart="contributor", filter=["commits_count:ge:3", "person:ne:ann"],
        fields="person",
    )  # fmt: skip

    assert found["data"] == [{"person": "bob"}, {"person": "bob"}]


def test_metrics_are_listed_and_explained(api: httpx2.Client) -> None:
    listed = call(api, "list_metrics")["data"]
    assert {"definition": "bus-factor@1", "title": "Bus factor", "unit": "count"} in listed

    found = call(api, "describe_metric", metric="bus-factor@1")
    assert found["data"]["formula"]
    assert found["data"]["definition"] == "bus-factor@1"


@pytest.mark.parametrize("name", ["2", "octo/app-2", "OCTO/app-2"])
def test_a_repository_is_summed_up_by_name_or_number(api: httpx2.Client, name: str) -> None:
    found = call(api, "repository_summary", repository=name)

    assert (found["data"]["repository_id"], found["data"]["issues_count"]) == (2, 479)
    assert found["meta"]["quality"] == {"status": "unknown", "failed_checks": []}
    assert found["meta"]["as_of"] == "2026-06-01T12:00:00Z"


def test_what_is_searched_for_is_found_with_how_new_it_is(api: httpx2.Client) -> None:
    for _ in range(100):
        found = call(api, "search", q="app-2", type="repository")
        if found["data"]:
            break
    [first, *_] = found["data"]

    assert first["title"] == "octo/app-2"
    assert found["meta"]["repositories"]["2"]["as_of"] == "2026-06-01T12:00:00Z"


def test_a_statement_is_answered_as_over_http(api: httpx2.Client) -> None:
    sql = "select person, commits_count from contributor order by repository_id, person"

    found = call(api, "query", sql=sql, limit=1)

    expected = api.post("/api/v1/sql", json={"sql": sql, "limit": 1}).json()
    assert found == expected
    assert found["data"] == [["ann", 5]]


@pytest.mark.parametrize(
    ("tool", "given", "told"),
    [
        ("query", {"sql": "select * from ops.jobs"}, "ops.jobs is no table of marts or insights"),
        ("query", {"sql": "select 1; drop table marts.contributor"}, "one statement at a time"),
        ("query", {"sql": "select pg_sleep(9)"}, "function pg_sleep is not allowed"),
        ("query", {"sql": "select 1", "limit": 1_001}, "less than or equal to 1000"),
        ("describe_mart", {"mart": "jobs"}, "mart jobs is not known here"),
        ("mart_rows", {"mart": "../ops/jobs"}, "is not known here"),
        ("mart_rows", {"mart": "contributor", "cursor": "x"}, "is no cursor of contributor"),
        ("mart_rows", {"mart": "contributor", "limit": 501}, "less than or equal to 500"),
        (
            "mart_rows",
            {"mart": "contributor", "fields": "x"},
            "fields 'x': there is no such column",
        ),
        (
            "mart_rows",
            {"mart": "contributor", "filter": ["commits_count:eq:x"]},
            "filter 'commits_count:eq:x': this is no bigint",
        ),
        (
            "mart_rows",
            {"mart": "contributor", "filters": ["commits_count:ge:3"]},
            "Extra inputs are not permitted",
        ),
        ("list_marts", {"mart": "contributor"}, "Extra inputs are not permitted"),
        ("repository_summary", {"repository": "octo/none"}, "is not known here"),
        ("repository_summary", {"repository": "9" * 40}, "is not known here"),
        ("describe_metric", {"metric": "nothing"}, "metric nothing is not known here"),
        ("mart_rows", {"mart": "contributor\0"}, "cannot contain NUL"),
        ("repository_summary", {"repository": "a\0b/c"}, "cannot contain NUL"),
        ("search", {"q": "octo", "repository_id": 2**70}, "less than 9223372036854775808"),
        ("search", {"q": ""}, "at least 1 character"),
        ("delete_everything", {}, "delete_everything"),
    ],
)
def test_what_goes_wrong_is_said_in_words(
    api: httpx2.Client, tool: str, given: dict[str, Any], told: str
) -> None:
    async def work(client: Client) -> str:
        try:
            found = await client.call_tool(tool, given)
        except Exception as error:  # noqa: BLE001 - an unknown tool is an error of the protocol
            return str(error)
        assert found.is_error
        text: str = found.content[0].text
        return text

    assert told in using(api, work)


def test_an_agent_is_told_that_a_tool_takes_nothing_else(api: httpx2.Client) -> None:
    async def work(client: Client) -> Any:
        return (await client.list_tools()).tools

    assert {one.input_schema["additionalProperties"] for one in using(api, work)} == {False}
