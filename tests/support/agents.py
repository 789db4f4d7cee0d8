"""An agent: the client of the protocol's own SDK, over HTTP."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.conftest import ADMIN_KEY

KEY = {"authorization": f"Bearer {ADMIN_KEY}"}


@asynccontextmanager
async def connected(api: httpx2.Client, headers: dict[str, str]) -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(f"{api.base_url}/mcp", http_client=http)) as client,
    ):
        yield client


def using(
    api: httpx2.Client, work: Callable[[Client], Awaitable[Any]], headers: dict[str, str] = KEY
) -> Any:
    async def run() -> Any:
        async with connected(api, headers) as client:
            return await work(client)

    return anyio.run(run)


def call(api: httpx2.Client, tool: str, headers: dict[str, str] = KEY, **given: Any) -> Any:
    """What a tool answers; the text of what is wrong where it does not."""

    async def work(client: Client) -> Any:
        found = await client.call_tool(tool, given)
        if found.is_error:
            return found.content[0].text
        assert json.loads(found.content[0].text) == found.structured_content
        return found.structured_content

    return using(api, work, headers)
