"""A million records: how fast they are taken in, and what memory that takes beside ten thousand.

The recorded repository that is enlarged has issues, pull requests and events; the replay server
sorts whole lists of comments for every page, so a million of those would measure the server.
"""

from collections.abc import Iterator

from benchmarks import replay, worker
from benchmarks.figures import Figure, Target

NAME = "million-records"
_ISSUE = 3
_REPOSITORY = "quicwg/base-drafts"
_FEW, _MANY = 9, 826
"""Copies of 1,212 records each."""
_MEBIBYTE = 1 << 20


def measure() -> Iterator[Figure]:
    sizes = {}
    for copies in (_FEW, _MANY):
        with (
            replay.serving("--enlarge", f"{_REPOSITORY}:{copies}") as server,
            worker.place() as place,
        ):
            name = f"{_REPOSITORY}-x{copies}"
            sizes[copies] = place.extract(name, url=server.url, database="ours")
    few, many = sizes[_FEW], sizes[_MANY]
    yield Figure(
        f"{NAME}-per-second", NAME, _ISSUE, "rows a second, extract stage",
        [many.rows / many.seconds], Target("value", ">=", 9_000), is_cost=False,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-memory", NAME, _ISSUE, "MiB of the worker", [many.peak_bytes / _MEBIBYTE],
        Target("value", "<=", 256), is_cost=True,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-memory-growth", NAME, _ISSUE, "times the memory of 10,000 records",
        [many.peak_bytes / few.peak_bytes], Target("value", "<=", 1.1), is_cost=True,
    )  # fmt: skip
