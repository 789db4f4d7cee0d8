"""Issues as rows, for searches by meaning."""

import json
from hashlib import sha256

from tests.support.rows import AT
from warehouse.engine import Connection, driver


def put_issue(
    connection: Connection, repository_id: int, number: int, title: str, *, body: str | None = None,
    state: str = "closed", user: str = "bob", is_pull_request: bool = False,
) -> None:  # fmt: skip
    """Its id is its number."""
    payload = {
        "number": number, "title": title, "body": body, "state": state, "user": {"login": user},
        "labels": [{"name": "bug"}], "comments": 2,
        "html_url": f"https://github.test/octo/app-{repository_id}/issues/{number}",
    }  # fmt: skip
    text = json.dumps(payload | ({"pull_request": {}} if is_pull_request else {}))
    driver(connection).execute(
        "insert into raw.github_issues (repository_id, id, payload, content_hash, source,"
        " api_version, sanitized, extracted_at, run_id)"
        " values (%s, %s, %s, %s, 'rest', '', false, %s, gen_random_uuid())",
        (repository_id, number, text, sha256(text.encode()).digest(), AT),
    )
