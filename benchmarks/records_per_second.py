"""How fast records get from the API into PostgreSQL.

Ours is the extract stage alone, with its process; a peer is its whole process. Both read everything
that they need; counted are the issues, comments, pull requests, reviews and review comments.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import peer, replay, worker
from benchmarks.figures import Baseline, Figure, Target
from benchmarks.peer import Peer
from benchmarks.replay import Replay
from benchmarks.worker import Place

NAME = "records-per-second"
_ISSUE = 3
_REPOSITORY = "quicwg/ops-drafts"
_COPIES = 8
_RUNS = 3
_LATENCY_MS = 100
"""About what GitHub takes for a page of a list."""
_LOADING = (peer.TAP_GITHUB, peer.DLT)
"""The others have no loader of their own, and are slower without one than these are with theirs."""


def measure() -> Iterator[Figure]:
    with replay.serving("--enlarge", f"{_REPOSITORY}:{_COPIES}") as server, worker.place() as place:
        yield _compare(
            server, place, f"{_REPOSITORY}-x{_COPIES}", runs=_RUNS, name=NAME,
            unit="records a second, no latency",
        )  # fmt: skip
        server.set(latency={"dist": "fixed", "ms": _LATENCY_MS, "jitter": 0})
        yield _compare(
            server, place, _REPOSITORY, runs=1, name=f"{NAME}-{_LATENCY_MS}-ms",
            unit=f"records a second, {_LATENCY_MS} ms a request",
        )  # fmt: skip


def _compare(
    server: Replay, place: Place, repository: str, *, runs: int, name: str, unit: str
) -> Figure:
    ours: list[float] = []
    theirs: dict[Peer, float] = {}
    for run in range(runs):
        database = f"{name}-{run}"
        ours.append(place.extract(repository, url=server.url, database=database).records_per_second)
        for one in _LOADING:
            with tempfile.TemporaryDirectory() as directory:
                read = peer.read(
                    one, url=server.url, repository=repository, directory=Path(directory),
                    sink=place.database(f"{database}-{one.reader}"),
                )  # fmt: skip
            theirs[one] = max(theirs.get(one, 0.0), read.records_per_second)
    fastest = max(theirs, key=theirs.__getitem__)
    return Figure(
        name, NAME, _ISSUE, unit, ours, Target("ratio", ">=", 5), is_cost=False,
        baseline=Baseline(fastest.name, fastest.version, theirs[fastest]),
    )  # fmt: skip
