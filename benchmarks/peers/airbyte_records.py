"""Reads a repository with airbyte-source-github into a file of Airbyte messages."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

STREAMS = {
    "issues": "issues", "comments": "issue_comments", "pull_requests": "pull_requests",
    "pull_request_commits": "pull_request_commits", "reviews": "reviews",
    "review_comments": "review_comments",
}  # fmt: skip


def main(url: str, repository: str) -> None:
    source = Path(sys.executable).with_name("source-github")
    config = {
        "credentials": {
            "option_title": "PAT Credentials", "personal_access_token": "a-token",
        },
        "repositories": [repository], "api_url": url, "start_date": "2005-01-01T00:00:00Z",
    }  # fmt: skip
    Path("config.json").write_text(json.dumps(config), "utf-8")
    told = subprocess.run(
        [source, "discover", "--config", "config.json"], capture_output=True, text=True, check=True
    )
    messages = map(json.loads, told.stdout.splitlines())
    streams = next(one["catalog"]["streams"] for one in messages if one["type"] == "CATALOG")
    catalog = [
        {"stream": one, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
        for one in streams
        if one["name"] in STREAMS
    ]
    Path("catalog.json").write_text(json.dumps({"streams": catalog}), "utf-8")
    with Path("records.jsonl").open("wb") as sink:
        subprocess.run(
            [source, "read", "--config", "config.json", "--catalog", "catalog.json"],
            stdout=sink, check=True,
        )  # fmt: skip
    counts: Counter[str] = Counter()
    with Path("records.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            if '"RECORD"' in line:
                message = json.loads(line)
                if message["type"] == "RECORD":
                    counts[STREAMS[message["record"]["stream"]]] += 1
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
