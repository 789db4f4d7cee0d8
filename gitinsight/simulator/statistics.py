"""What was asked of the simulated GitHub, and what it answered."""

import re
from collections import Counter
from typing import Any

_VARIABLE = re.compile(r"/\d+(?=/|$)")


class Statistics:
    def __init__(self) -> None:
        self._at_once = 0
        self.start()

    def start(self) -> None:
        """Count from nothing."""
        self.statuses: Counter[int] = Counter()
        self.endpoints: Counter[str] = Counter()
        self.charged = {"core": 0, "graphql": 0}
        self.refused = 0
        self.most_at_once = self._at_once

    def begin(self, path: str) -> None:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        self.endpoints[_endpoint(path)] += 1

    def end(self, status: int) -> None:
        self._at_once -= 1
        self.statuses[status] += 1

    def shown(self) -> dict[str, Any]:
        return {
            "requests": self.statuses.total(),
            "by_status": {str(status): count for status, count in self.statuses.items()},
            "by_endpoint": dict(self.endpoints),
            "charged": sum(self.charged.values()),
            "charged_rest": self.charged["core"],
            "charged_graphql": self.charged["graphql"],
            "most_at_once": self.most_at_once,
            "refused": self.refused,
        }


def _endpoint(path: str) -> str:
    """As GitHub's documentation names it: without the names and numbers of one repository."""
    parts = path.strip("/").split("/")
    if parts[0] == "repositories" and len(parts) > 1:
        parts = ["repos", "{owner}", "{repo}", *parts[2:]]
    elif parts[0] == "repos":
        parts[1:3] = ["{owner}", "{repo}"]
    elif parts[0] in {"orgs", "users"}:
        parts[1:2] = ["{login}"]
    return _VARIABLE.sub("/{number}", "/" + "/".join(parts))
