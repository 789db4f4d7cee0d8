"""Deliveries as GitHub's webhooks make them, small ones."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from flows.webhooks import process
from gitinsight.github.payloads import Row
from tests.support.rows import AT, HOST, add_repository, fetch, payload_row, value
from warehouse import raw, webhooks
from warehouse.engine import Engine
from warehouse.raw import Origin

SECRET = "the-secret-of-the-webhook"  # noqa: S105 - of the tests alone


def payload(
    action: str | None = None, *, github_id: int = 1, full_name: str = "octo/app", **fields: Any
) -> dict[str, Any]:
    named = {"id": github_id, "full_name": full_name, "name": full_name.partition("/")[2]}
    told = {} if action is None else {"action": action}
    return {**told, "repository": named, "sender": {"login": "ada", "id": 7}, **fields}


def headers(
    body: bytes, event: str = "issues", *, delivery_id: UUID | None = None, secret: str = SECRET
) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "content-type": "application/json", "user-agent": "GitHub-Hookshot/test",
        "x-github-event": event, "x-github-delivery": str(delivery_id or uuid4()),
        "x-hub-signature-256": f"sha256={digest}",
    }  # fmt: skip


def deliver(
    warehouse: Engine, event: str, told: dict[str, Any] | bytes, *, at: datetime = AT,
    delivery_id: UUID | None = None,
) -> UUID:  # fmt: skip
    """Store one as the API does; its id."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    known = {} if isinstance(told, bytes) else told
    identifier = delivery_id or uuid4()
    with warehouse.begin() as connection:
        webhooks.store(
            connection, delivery_id=identifier, event=event, action=known.get("action"),
            github_id=known.get("repository", {}).get("id"), headers={}, body=body, at=at,
        )  # fmt: skip
    return identifier


def example(warehouse: Engine) -> int:
    """octo/app, GitHub's number 1, with an issue and one of everything that can be deleted."""
    identifier = add_repository(warehouse)
    _put(warehouse, identifier, "issues", payload_row(70, number=7, title="before"))
    _put(
        warehouse,
        identifier,
        "issue_comments",
        payload_row(71, issue_url="https://github.test/issues/7"),
    )
    url = "https://github.test/pulls/9"
    _put(warehouse, identifier, "review_comments", payload_row(91, pull_request_url=url))
    _put(warehouse, identifier, "repositories", payload_row(1))
    for thing in ("labels", "milestones", "releases"):
        _put(warehouse, identifier, thing, payload_row(5), payload_row(6))
    return identifier


def _put(warehouse: Engine, repository_id: int, thing: str, *rows: Row) -> None:
    origin = Origin(repository_id, "rest", "2022-11-28", AT, UUID(int=1))
    with warehouse.begin() as connection:
        raw.upsert(connection, thing, rows, origin=origin)


def outcomes(warehouse: Engine) -> list[Any]:
    return [one for (one,) in read(warehouse, "select outcome from ops.webhook_deliveries")]


def read(warehouse: Engine, query: str) -> list[tuple[Any, ...]]:
    with warehouse.begin() as connection:
        return fetch(connection, query)


def do(warehouse: Engine, event: str, told: dict[str, Any] | bytes) -> str | None:
    """Deliver and process it; its outcome."""
    identifier = deliver(warehouse, event, told)
    process(warehouse, host=HOST)
    found: str | None = value(
        warehouse, "select outcome from ops.webhook_deliveries where delivery_id = %s", identifier
    )
    return found


def renamed(former: str, name: str) -> dict[str, Any]:
    changes = {"repository": {"name": {"from": former}}}
    return payload("renamed", full_name=f"octo/{name}", changes=changes)
