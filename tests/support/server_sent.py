"""Server-sent events as a client reads them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2


@dataclass(frozen=True, slots=True)
class Message:
    """``data`` is null in a comment, which keeps the connection alive."""

    id: int | None
    data: dict[str, Any] | None


@contextmanager
def stream(client: httpx2.Client, path: str, *, after: int = 0) -> Iterator[Iterator[Message]]:
    """Messages as they come, until the server ends the stream."""
    headers = {"last-event-id": str(after)} if after else {}
    with client.stream("GET", path, headers=headers, timeout=15) as answer:
        answer.raise_for_status()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _messages(answer.iter_lines())


def whole(client: httpx2.Client, path: str, *, after: int = 0) -> list[Message]:
    with stream(client, path, after=after) as messages:
        return list(messages)


def _messages(lines: Iterator[str]) -> Iterator[Message]:
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            yield Message(None, None)
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield Message(int(fields["id"]), json.loads(fields["data"]))
            fields = {}
