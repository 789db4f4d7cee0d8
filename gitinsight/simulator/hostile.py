"""Issues that trip readers: what JSON, Unicode or PostgreSQL do not stand."""

import json
from datetime import datetime
from typing import Any

from gitinsight.simulator.records import Record, Repository, touch

_DEPTH = 2000
_MARKS = {
    "@@invalid-utf8@@": b"\xff\xfe",
    '"@@1e400@@"': b"1e400",
    '"@@nesting@@"': b"[" * _DEPTH + b"]" * _DEPTH,
}
_RECORDS: dict[str, Record] = {
    "nul": {"body": "before \u0000 after"},
    "surrogate": {"body": "before \ud800 after"},
    "utf8": {"body": "before @@invalid-utf8@@ after"},
    "number": {"score": "@@1e400@@"},
    "nesting": {"extra": "@@nesting@@"},
    "integer": {"score": 2**70},
    "control": {"body": "bell \u0007 and escape \u001b"},
    "ghost": {"user": None, "body": None, "closed_by": None},
    "kinds": {"labels": ["bug"], "user": {"login": "m", "type": "Mannequin"}},
    "unknown": {"state": "pondering", "state_reason": "who_knows", "new_field": {"a": [1]}},
    "same time": {"updated_at": "2026-06-01T00:00:00Z"},
    "no id": {"id": None},
}
"""What each kind puts in place of what the record says."""
_LARGE = 2**60
"""Beyond what a float, and so JavaScript, can tell apart."""


def make_hostile(repository: Repository, number: int, kind: str, at: datetime) -> None:
    """``kind`` is one of ``_RECORDS``, ``large id``, ``text id``, or ``healed``: somebody edits the
    issue, and it is as sound as it was.
    """
    record = repository.issues[number]
    sound = repository.sound.setdefault(number, dict(record))
    if kind == "healed":
        record.clear()
        record |= repository.sound.pop(number)
        touch(record, at)
    elif kind == "large id":
        record["id"] = sound["id"] + _LARGE
    elif kind == "text id":
        record["id"] = str(sound["id"])
    else:
        record |= _RECORDS[kind]


def encoded(content: Any) -> bytes:
    """As JSON; what JSON itself cannot say takes the place of its mark."""
    body = json.dumps(content).encode()
    for mark, said in _MARKS.items():
        body = body.replace(mark.encode(), said)
    return body
