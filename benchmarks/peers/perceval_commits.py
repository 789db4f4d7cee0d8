"""Reads the commits of a clone with Perceval's git backend into a file of JSON lines.

Its own mirror stays beside it: a second call reads without cloning.
"""

import json
import sys
import time
from pathlib import Path

from perceval.backends.core.git import Git


def main(uri: str) -> None:
    backend = Git(uri, str(Path.cwd() / "mirror"))
    count = 0
    started = time.perf_counter()
    with Path("commits.jsonl").open("w", encoding="utf-8") as sink:
        for item in backend.fetch():
            sink.write(json.dumps(item) + "\n")
            count += 1
    print(json.dumps({"commits": count, "seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main(sys.argv[1])
