"""A million records: what memory the worker takes for them beside ten thousand, and how fast they
are in PostgreSQL beside the peer that is fastest with few (see `records_per_second`), before it and
after it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import peer, replay, worker
from benchmarks.figures import Baseline, Figure, Target
from benchmarks.worker import Place

NAME = "many-records"
_ISSUE = 3
_REPOSITORY = "quicwg/ops-drafts"
_FEW, _MANY = 2, 197
"""Copies of 5,077 records each, and of a thousand that stay as many."""
_REQUESTS = "1000000"
"""More than are needed: no limit is measured here."""
_PEER = peer.DLT
_MEBIBYTE = 1 << 20


def measure() -> Iterator[Figure]:
    with _served(_FEW) as (name, url, place):
        few = place.extract(name, url=url, database="ours")
    with _served(_MANY) as (name, url, place):
        many = [place.extract(name, url=url, database="ours")]
        theirs = peer.read(
            _PEER, url=url, repository=name, sink=place.database(_PEER.reader),
            is_everything=True,
        )  # fmt: skip
        many.append(place.extract(name, url=url, database="again"))
    of = f"of the worker, {sum(many[0].records.values()):,} records"
    peak_bytes = max(one.peak_bytes for one in many)
    yield Figure(
        f"{NAME}-memory", NAME, _ISSUE, f"MiB {of}", [peak_bytes / _MEBIBYTE],
        Target("value", "<=", 256), is_cost=True,
        baseline=_baseline(theirs.measured.peak_bytes / _MEBIBYTE),
    )  # fmt: skip
    yield Figure(
        f"{NAME}-memory-growth", NAME, _ISSUE, "times the memory of 10,000 records",
        [peak_bytes / few.peak_bytes], Target("value", "<=", 1.1), is_cost=True,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-rate", NAME, _ISSUE, f"records a second {of}",
        [one.records_per_second for one in many], Target("ratio", ">=", 5), is_cost=False,
        baseline=_baseline(theirs.records_per_second),
    )  # fmt: skip


@contextmanager
def _served(copies: int) -> Iterator[tuple[str, str, Place]]:
    """Name and address of the repository, and where it is read to."""
    with (
        replay.serving(
            "--enlarge", f"{_REPOSITORY}:{copies}", "--budget", _REQUESTS, is_large=True
        ) as server,
        worker.place() as place,
    ):
        yield f"{_REPOSITORY}-x{copies}", server.url, place


def _baseline(value: float) -> Baseline:
    return Baseline(_PEER.name, _PEER.version, value)
