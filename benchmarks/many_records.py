"""Two hundred thousand records: what memory the worker takes for them beside ten thousand.

The recorded repository that is enlarged has issues, pull requests and events; the replay server
sorts a whole list for every window of it, so that a million of them would take it hours.
"""

from collections.abc import Iterator

from benchmarks import replay, worker
from benchmarks.figures import Figure, Target

NAME = "many-records"
_ISSUE = 3
_REPOSITORY = "quicwg/base-drafts"
_FEW, _MANY = 9, 165
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
        f"{NAME}-memory", NAME, _ISSUE, "MiB of the worker", [many.peak_bytes / _MEBIBYTE],
        Target("value", "<=", 256), is_cost=True,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-memory-growth", NAME, _ISSUE, "times the memory of 10,000 records",
        [many.peak_bytes / few.peak_bytes], Target("value", "<=", 1.1), is_cost=True,
    )  # fmt: skip
