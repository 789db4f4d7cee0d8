"""A million records: what memory the worker takes for them beside ten thousand."""

from collections.abc import Iterator

from benchmarks import replay, worker
from benchmarks.figures import Figure, Target
from benchmarks.worker import Extracted

NAME = "many-records"
_ISSUE = 3
_REPOSITORY = "quicwg/ops-drafts"
_FEW, _MANY = 3, 270
"""Copies of 3,717 records each."""
_REQUESTS = "1000000"
"""More than are needed: no limit is measured here."""
_MEBIBYTE = 1 << 20


def measure() -> Iterator[Figure]:
    few, many = _read(_FEW), _read(_MANY)
    of = f"of the worker, {sum(many.records.values()):,} records"
    yield Figure(
        f"{NAME}-memory", NAME, _ISSUE, f"MiB {of}", [many.peak_bytes / _MEBIBYTE],
        Target("value", "<=", 256), is_cost=True,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-memory-growth", NAME, _ISSUE, "times the memory of 10,000 records",
        [many.peak_bytes / few.peak_bytes], Target("value", "<=", 1.1), is_cost=True,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-rate", NAME, _ISSUE, f"records a second {of}", [many.records_per_second],
        Target("value", ">=", 1), is_cost=False,
    )  # fmt: skip


def _read(copies: int) -> Extracted:
    with (
        replay.serving(
            "--enlarge", f"{_REPOSITORY}:{copies}", "--budget", _REQUESTS, is_large=True
        ) as server,
        worker.place() as place,
    ):
        name = f"{_REPOSITORY}-x{copies}"
        return place.extract(name, url=server.url, database="ours")
