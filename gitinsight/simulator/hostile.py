"""Issues that trip readers: what JSON, Unicode or PostgreSQL do not stand."""

import json
from typing import Any

from gitinsight.simulator.records import Record

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
}


def make_hostile(record: Record, kind: str) -> None:
    """``kind`` is nul, surrogate, utf8, number, nesting or integer."""
    record |= _RECORDS[kind]


def encoded(content: Any) -> bytes:
    """As JSON; what JSON itself cannot say takes the place of its mark."""
    body = json.dumps(content).encode()
    for mark, said in _MARKS.items():
        body = body.replace(mark.encode(), said)
    return body
