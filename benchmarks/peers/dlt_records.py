"""Loads a repository with dlt into PostgreSQL: what its GitHub source reads, as a REST source.

dlt's verified source stops at 100 comments and reads no reviews; here they are children of their
pull request, so that all peers fetch the same things. Told to read ``everything``, it reads every
list that we read.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt
from dlt.sources.rest_api import rest_api_source

LISTS = {
    "issues": "issues", "pull_requests": "pulls", "issue_comments": "issues/comments",
    "review_comments": "pulls/comments",
    "reviews": "pulls/{resources.pull_requests.number}/reviews",
    "pull_request_commits": "pulls/{resources.pull_requests.number}/commits",
}  # fmt: skip


FURTHER = {
    "pull_request_files": "pulls/{resources.pull_requests.number}/files",
    "issue_events": "issues/events", "labels": "labels", "milestones": "milestones",
    "releases": "releases", "forks": "forks", "workflow_runs": "actions/runs",
}  # fmt: skip
ENVELOPES = {"workflow_runs"}
"""Lists that GitHub wraps into an object, under their own name."""


def main(url: str, repository: str, database: str, extent: str) -> None:
    lists = LISTS | FURTHER if extent == "everything" else LISTS
    source = rest_api_source({
        "client": {
            "base_url": url, "auth": {"token": "a-token"}, "paginator": {"type": "header_link"},
        },
        "resource_defaults": {
            "endpoint": {"params": {"per_page": 100, "state": "all"}}, "max_table_nesting": 0,
        },
        "resources": [
            {
                "name": name, "primary_key": None,
                "endpoint": {
                    "path": f"repos/{repository}/{path}",
                    "data_selector": name if name in ENVELOPES else None,
                },
            }
            for name, path in lists.items()
        ],
    })  # fmt: skip
    pipeline = dlt.pipeline(
        "github", destination=dlt.destinations.postgres(database), dataset_name="github",
        pipelines_dir=str(Path.cwd()),
    )  # fmt: skip
    pipeline.run(source)
    with pipeline.sql_client() as client:
        counts = {
            name: client.execute_sql(f"select count(*) from {name}")[0][0]  # noqa: S608
            for name in _tables(client) & lists.keys()
        }
    print(json.dumps(counts))


def _tables(client: Any) -> set[str]:
    """A list without records has none."""
    found = client.execute_sql(
        "select table_name from information_schema.tables where table_schema = current_schema()"
    )
    return {name for (name,) in found}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4])
