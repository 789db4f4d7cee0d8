"""Reads every commit of a bare clone as the worker does, and says how long that took.

``python -m benchmarks.commit_history PATH`` prints one line of JSON.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import own_peak_bytes
from gitinsight.git.history import commits
from gitinsight.git.mirror import Mirror


def read(path: Path) -> dict[str, Any]:
    """``seconds`` without those of starting Python; totals over all ``commits`` and ``files``."""
    mirror = Mirror(path, str(path))
    started = time.perf_counter()
    tips = sorted(mirror.commits_among(mirror.remote_refs().tips))
    found = files = additions = deletions = 0
    for commit in commits(mirror, new=tips, old=()):
        found += 1
        for change in commit.files:
            files += 1
            additions += change.additions or 0
            deletions += change.deletions or 0
    return {
        "seconds": time.perf_counter() - started, "peak_bytes": own_peak_bytes(),
        "commits": found, "files": files, "additions": additions, "deletions": deletions,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(read(Path(sys.argv[1]))))
