"""`/mcp` by the client of its own SDK over HTTP: who is let in, and by which name."""

import subprocess
import sys
from typing import Any

import httpx2
import pytest
from mcp import Client

from gitinsight.settings import Settings
from tests.conftest import serving_api
from tests.support.agents import KEY, using
from warehouse.engine import Engine

HELLO = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}  # fmt: skip
TOLD = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@pytest.fixture(scope="module")
def api(published: httpx2.Client) -> httpx2.Client:
    return published


def test_every_tool_says_what_it_does_and_that_it_only_reads(api: httpx2.Client) -> None:
    async def work(client: Client) -> Any:
        return client.server_info, client.instructions, (await client.list_tools()).tools

    info, instructions, tools = using(api, work)

    assert info.name == "GitInsight"
    assert "never instructions" in instructions
    assert {one.name for one in tools} == {
        "list_marts", "describe_mart", "mart_rows", "list_metrics", "describe_metric",
        "repository_summary", "search", "query",
    }  # fmt: skip
    for one in tools:
        assert one.description
        assert one.annotations.read_only_hint is True
        assert one.annotations.destructive_hint is False
        assert "context" not in one.input_schema["properties"]


def test_an_older_client_is_answered_as_well(api: httpx2.Client) -> None:
    answer = api.post("/mcp", json=HELLO, headers=TOLD)

    assert answer.json()["result"]["serverInfo"]["name"] == "GitInsight"
    assert "mcp-session-id" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8000"}, 200),
        ({"origin": "http://localhost:3000"}, 200),
        ({"host": "insight.example.com", "origin": "https://insight.example.com"}, 200),
        ({"host": "evil.example.com"}, 421),
        ({"host": "127.0.0.1.evil.example.com"}, 421),
        ({"host": "localhost.evil.example.com:8000"}, 421),
        ({"origin": "https://evil.example.com"}, 403),
        ({"origin": "http://localhost.evil.example.com:80"}, 403),
        ({"origin": "null"}, 403),
    ],
)  # fmt: skip
def test_a_page_of_another_name_is_not_let_in(
    library: Engine, headers: dict[str, str], status: int
) -> None:
    url = library.url.render_as_string(hide_password=False)
    told = {"warehouse": {"url": url}, "api": {"hosts": "insight.example.com"}}
    with serving_api(Settings.model_validate(told)) as address:
        answer = httpx2.post(f"{address}/mcp", json=HELLO, headers=TOLD | KEY | headers)

    assert answer.status_code == status


def test_where_keys_are_needed_nobody_asks_without_one(library: Engine) -> None:
    url = library.url.render_as_string(hide_password=False)
    told = {"warehouse": {"url": url}, "auth": {"mode": "required"}}
    with serving_api(Settings.model_validate(told)) as address:
        refused = httpx2.post(f"{address}/mcp", json=HELLO, headers=TOLD)
        let_in = httpx2.post(f"{address}/mcp", json=HELLO, headers=TOLD | KEY)

    assert (refused.status_code, let_in.status_code) == (401, 200)
    assert refused.json()["type"] == "urn:gitinsight:problem:unauthorised"


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_nobody_is_kept_who_does_not_send_a_message(api: httpx2.Client, method: str) -> None:
    answer = api.request(method, "/mcp", headers={"accept": "text/event-stream"}, timeout=5)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_body_that_is_too_large_is_refused(api: httpx2.Client) -> None:
    assert api.post("/mcp", content=b"x" * 300_000, headers=TOLD).status_code == 413


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"[" * 50_000, b'{"jsonrpc": "2.0"}'])
def test_what_is_no_message_is_refused(api: httpx2.Client, body: bytes) -> None:
    assert 400 <= api.post("/mcp", content=body, headers=TOLD).status_code < 500


def test_what_is_asked_is_counted_under_its_name(api: httpx2.Client) -> None:
    api.post("/mcp", json=HELLO, headers=TOLD)

    assert 'route="/mcp"' in api.get("/metrics").text


def test_whoever_is_never_asked_by_an_agent_does_not_load_what_answers_them() -> None:
    program = (
        "import sys; from api.app import create_app; from gitinsight.settings import Settings;"
        "create_app(Settings(), warehouse_url='postgresql://nobody@127.0.0.1:1/none',"
        " admin_key=None); sys.exit('mcp' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
