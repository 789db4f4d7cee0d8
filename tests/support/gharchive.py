"""Hours of GH Archive that are made up."""

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gitinsight.gharchive.hours import name

HOUR = datetime(2024, 1, 15, tzinfo=UTC)


def event(number: int = 1, **changed: Any) -> bytes:
    """One line, as the archive has had them since 2015."""
    whole = {
        "id": str(number),
        "type": "WatchEvent",
        "actor": {"id": 7, "login": "ann", "display_login": "Ann"},
        "repo": {"id": 9, "name": "octo/app"},
        "payload": {"action": "started"},
        "public": True,
        "created_at": "2024-01-15T00:00:01Z",
        **changed,
    }
    return json.dumps(whole, separators=(",", ":")).encode()


def packed(lines: Iterable[bytes]) -> bytes:
    return gzip.compress(b"".join(line + b"\n" for line in lines))


def put(directory: Path, content: bytes, hour: datetime = HOUR) -> str:
    """The directory, as a source that has this hour."""
    (directory / f"{name(hour)}.json.gz").write_bytes(content)
    return str(directory)
