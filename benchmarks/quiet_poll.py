"""What a second look at an unchanged repository is charged."""

from collections.abc import Iterator

from benchmarks import replay, worker
from benchmarks.figures import Figure, Target

NAME = "quiet-poll"
_ISSUE = 3


def measure() -> Iterator[Figure]:
    with replay.serving() as server, worker.place() as place:
        spent = []
        for name in server.counts():
            place.extract(name, url=server.url, database="ours")
            server.begin()
            place.extract(name, url=server.url, database="ours")
            spent.append(server.charged().total)
        yield Figure(
            NAME, NAME, _ISSUE,
            f"requests and points, the most of {len(spent)} repositories", [max(spent)],
            Target("value", "<=", 0), is_cost=True,
        )  # fmt: skip
