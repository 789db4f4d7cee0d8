"""What reading a repository is charged: REST requests and GraphQL points, beside other readers.

Expected costs are those of the design: 100 issues, comments or review comments a request, 42 points
for 1,000 pull requests with their reviews, and 25 requests of a repository for what is short.
"""

import math
from collections.abc import Iterator

from benchmarks import peer, replay, worker
from benchmarks.figures import Baseline, Figure, Target
from benchmarks.replay import Charged, Replay
from benchmarks.worker import Place

NAME = "api-cost"
_ISSUE = 3
_COMPARED = "quicwg/ops-drafts"
_COPIES = 8
_POINTS_PER_PULL = 42 / 1_000
_METADATA = 25
_WITHOUT_REMOTE = {"bitcoin-core/gui"}
"""Recorded without its git: commits come from GraphQL, 100 a point."""
_LISTS = {
    "issues": ("GET /repos/{o}/{r}/issues",),
    "comments": ("GET /repos/{o}/{r}/issues/comments",),
    "pulls": ("GET /repos/{o}/{r}/pulls", "GET /repos/{o}/{r}/pulls/comments"),
}
"""What the server counts under which name; an issue list shows every pull request as well."""


def measure() -> Iterator[Figure]:
    with replay.serving("--enlarge", f"{_COMPARED}:{_COPIES}") as server, worker.place() as place:
        counts = server.counts()
        enlarged = f"{_COMPARED}-x{_COPIES}"
        charged = {name: _charged(server, place, name) for name in counts}
        for name in counts.keys() - {enlarged}:
            yield _of_repository(name, charged[name], counts[name])
        yield from _per_thousand(
            charged[_COMPARED], charged[enlarged], counts[_COMPARED], counts[enlarged]
        )
        ours = _alike(charged[_COMPARED])
        for one in peer.PEERS:
            server.begin()
            peer.read(one, url=server.url, repository=_COMPARED, sink=place.database("peer"))
            spent = Baseline(one.name, one.version, server.charged().total)
            yield Figure(
                f"{NAME}-{one.reader.removesuffix('_records').replace('_', '-')}", NAME, _ISSUE,
                f"requests and points for {_COMPARED}", [ours],
                Target("ratio", ">=", 10), is_cost=True, baseline=spent,
            )  # fmt: skip


def _charged(server: Replay, place: Place, name: str) -> Charged:
    server.begin()
    place.extract(name, url=server.url, database="ours")
    return server.charged()


def _of_repository(name: str, charged: Charged, counts: dict[str, int]) -> Figure:
    pulls = counts["pulls"]
    listed = (counts["issues"] + pulls, counts["comments"], counts["review_comments"])
    expected = sum(math.ceil(count / 100) for count in listed)
    expected += math.ceil(pulls * _POINTS_PER_PULL) + _METADATA
    if name in _WITHOUT_REMOTE:
        expected += math.ceil(counts["commits"] / 100)
    return Figure(
        f"{NAME}-{name.replace('/', '-')}", NAME, _ISSUE, "requests and points",
        [_alike(charged)], Target("value", "<=", expected), is_cost=True,
    )  # fmt: skip


def _alike(charged: Charged) -> int:
    """For issues, comments and pull requests with reviews and commits, as every peer reads them."""
    return charged.points + sum(_listed(charged, thing) for thing in _LISTS)


def _per_thousand(
    one: Charged, many: Charged, few: dict[str, int], more: dict[str, int]
) -> Iterator[Figure]:
    """What 1,000 more cost, to the whole request: the rest of a last page is no part of it."""
    limits = {"issues": 10, "comments": 10, "pulls": 82}
    for thing, limit in limits.items():
        spent = _listed(many, thing) - _listed(one, thing)
        added = more[thing] - few[thing]
        if thing == "issues":
            added += more["pulls"] - few["pulls"]
        elif thing == "pulls":
            spent += many.points - one.points
        yield Figure(
            f"{NAME}-per-1000-{thing}", NAME, _ISSUE, f"requests and points per 1,000 {thing}",
            [round(spent / added * 1_000)], Target("value", "<=", limit), is_cost=True,
        )  # fmt: skip


def _listed(charged: Charged, thing: str) -> int:
    return sum(charged.endpoints.get(name, 0) for name in _LISTS[thing])
