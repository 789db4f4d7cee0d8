"""How fast records get from the API into PostgreSQL.

Ours is the extract stage alone, with its process; a peer is its whole process. dlt reads every list
that we read, tap-github issues, comments and pull requests with what is inside; counted is what
each has put into PostgreSQL.
"""

from collections.abc import Iterator

from benchmarks import peer, replay, worker
from benchmarks.figures import Baseline, Figure, Target
from benchmarks.peer import Peer

NAME = "records-per-second"
_ISSUE = 3
_REPOSITORY = "quicwg/ops-drafts"
_COPIES, _FEWER_COPIES = 8, 2
_RUNS = 3
_LATENCY_MS = 100
"""About what GitHub takes for a page of a list."""
_LOADING = (peer.TAP_GITHUB, peer.DLT)
"""The others have no loader of their own, and are slower without one than these are with theirs."""


def measure() -> Iterator[Figure]:
    yield _compare(_COPIES, 0, runs=_RUNS, name=NAME, unit="records a second, no latency")
    yield _compare(
        _FEWER_COPIES, _LATENCY_MS, runs=1, name=f"{NAME}-{_LATENCY_MS}-ms",
        unit=f"records a second, {_LATENCY_MS} ms a request",
    )  # fmt: skip


def _compare(copies: int, latency_ms: int, *, runs: int, name: str, unit: str) -> Figure:
    repository = f"{_REPOSITORY}-x{copies}"
    ours: list[float] = []
    theirs: dict[Peer, float] = {}
    with (
        replay.serving("--enlarge", f"{_REPOSITORY}:{copies}") as server,
        worker.place() as place,
    ):
        server.set(latency={"dist": "fixed", "ms": latency_ms, "jitter": 0})
        for run in range(runs):
            server.begin()  # what the one before used up is not held against the next
            database = f"run{run}"
            read = place.extract(repository, url=server.url, database=database)
            ours.append(read.records_per_second)
            for one in _LOADING:
                server.begin()
                alike = peer.read(
                    one, url=server.url, repository=repository,
                    sink=place.database(f"{database}-{one.reader}"), is_everything=True,
                )  # fmt: skip
                theirs[one] = max(theirs.get(one, 0.0), alike.records_per_second)
    fastest = max(theirs, key=theirs.__getitem__)
    return Figure(
        name, NAME, _ISSUE, unit, ours, Target("ratio", ">=", 5), is_cost=False,
        baseline=Baseline(fastest.name, fastest.version, theirs[fastest]),
    )  # fmt: skip
