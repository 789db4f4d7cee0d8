"""Reads a repository with tap-github into a file of Singer messages.

Its token check asks a fixed address whatever ``api_url_base`` says; that call goes to the server
that is measured.
"""

import contextlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import requests
from tap_github.tap import TapGitHub

STREAMS = ("issues", "issue_comments", "pull_requests", "reviews", "review_comments")


def main(url: str, repository: str) -> None:
    send = requests.Session.send

    def send_here(session: Any, request: Any, **options: Any) -> Any:
        request.url = request.url.replace("https://api.github.com", url)
        return send(session, request, **options)

    setattr(requests.Session, "send", send_here)  # noqa: B010 - whoever types it forbids it
    config = {
        "auth_token": "a-token", "repositories": [repository], "api_url_base": url,
        "start_date": "2000-01-01T00:00:00Z", "rate_limit_buffer": 10,
    }  # fmt: skip
    catalog = TapGitHub(config=config, parse_env_config=False).catalog_dict
    for stream in catalog["streams"]:
        for one in stream["metadata"]:
            if not one["breadcrumb"]:
                one["metadata"]["selected"] = stream["tap_stream_id"] in STREAMS
    Path("catalog.json").write_text(json.dumps(catalog), "utf-8")
    tap = TapGitHub(config=config, catalog="catalog.json", parse_env_config=False)
    with (
        Path("records.jsonl").open("w", encoding="utf-8") as sink,
        contextlib.redirect_stdout(sink),
    ):
        tap.sync_all()
    counts: Counter[str] = Counter()
    with Path("records.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith('{"type":"RECORD","stream":"'):
                counts[line.split('"', 8)[7]] += 1
            elif '"RECORD"' in line[:40]:
                counts[json.loads(line)["stream"]] += 1
    print(json.dumps({stream: counts[stream] for stream in STREAMS}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
