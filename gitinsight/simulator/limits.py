"""The primary limits of GitHub: requests or points an hour, of each caller and bucket."""

import time
from collections import Counter

_WINDOW_SECONDS = 3600
_LIMITS = {"with token": 5000, "without": 60}


class Limits:
    def __init__(self) -> None:
        self.calm()

    def calm(self) -> None:
        self.of = dict(_LIMITS)
        self._used: Counter[str] = Counter()
        self.window_ends = int(time.time()) + _WINDOW_SECONDS

    def spend(self, principal: str, bucket: str, cost: int) -> tuple[int, int]:
        """(limit, remaining) after a request; remaining is below 0 where it may not be answered."""
        if time.time() > self.window_ends:
            self._used.clear()
            self.window_ends = int(time.time()) + _WINDOW_SECONDS
        limit = self.of["with token" if principal else "without"]
        if bucket == "graphql" and not principal:
            limit = 0
        self._used[f"{principal} {bucket}"] += cost
        return limit, limit - self._used[f"{principal} {bucket}"]
