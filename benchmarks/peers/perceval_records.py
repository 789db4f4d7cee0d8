"""Reads a repository with Perceval's GitHub backend into files of JSON lines."""

import json
import sys
from collections import Counter
from pathlib import Path

from perceval.backends.core.github import GitHub

CATEGORIES = ("issue", "pull_request")


def main(url: str, repository: str) -> None:
    owner, name = repository.split("/")
    backend = GitHub(owner, name, api_token=["a-token"], base_url=url)
    counts: Counter[str] = Counter()
    for category in CATEGORIES:
        with Path(f"{category}.jsonl").open("w", encoding="utf-8") as sink:
            for item in backend.fetch(category=category):
                sink.write(json.dumps(item) + "\n")
                data = item["data"]
                if category == "issue":
                    counts["issues"] += 1
                    counts["issue_comments"] += len(data["comments_data"])
                else:
                    counts["pull_requests"] += 1
                    counts["pull_request_commits"] += len(data["commits_data"])
                    counts["reviews"] += len(data["reviews_data"])
                    counts["review_comments"] += len(data["review_comments_data"])
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
