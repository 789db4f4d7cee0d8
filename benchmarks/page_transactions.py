"""The way of a page from bytes to committed rows, without the network: 100 issues a transaction."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import httpx2

from benchmarks import replay, worker
from benchmarks.figures import Figure, Target
from gitinsight.github.payloads import split
from warehouse import raw, repositories
from warehouse.engine import Engine, make_engine
from warehouse.migrate import migrate
from warehouse.raw import Origin

NAME = "page-transactions"
_ISSUE = 3
_REPOSITORY = "quicwg/base-drafts"
_COPIES = 42
"""Of 479 issues and pull requests: about 20,000 rows."""
_RUNS = 5


def measure() -> Iterator[Figure]:
    with replay.serving("--enlarge", f"{_REPOSITORY}:{_COPIES}") as server, worker.place() as place:
        bodies = list(_pages(f"{server.url}/repos/{_REPOSITORY}-x{_COPIES}/issues"))
        rates, again = [], []
        for run in range(_RUNS):
            engine = make_engine(place.database(f"run{run}"), process="worker")
            migrate(engine)
            rates.append(_load(engine, bodies))
            again.append(_load(engine, bodies))
            engine.dispose()
        yield Figure(
            NAME, NAME, _ISSUE, "new rows a second", rates, Target("value", ">=", 9_000),
            is_cost=False,
        )  # fmt: skip
        yield Figure(
            f"{NAME}-unchanged", NAME, _ISSUE, "unchanged rows a second", again,
            Target("value", ">=", 29_900), is_cost=False,
        )  # fmt: skip


def _pages(url: str) -> Iterator[bytes]:
    with httpx2.Client(headers={"authorization": "Bearer a-token"}, timeout=60) as client:
        following: str | None = f"{url}?state=all&sort=updated&direction=asc&per_page=100"
        while following is not None:
            answer = client.get(following).raise_for_status()
            yield answer.content
            following = answer.links.get("next", {}).get("url")


def _load(engine: Engine, bodies: list[bytes]) -> float:
    """Rows a second."""
    at = datetime.now(UTC)
    with engine.begin() as connection:
        added, _ = repositories.add(
            connection, host="https://api.github.test", full_name=_REPOSITORY, at=at,
            clone_url="https://github.test/repository.git",
        )  # fmt: skip
    origin = Origin(added.repository_id, "rest", "2022-11-28", at, UUID(int=1))
    rows = 0
    started = time.perf_counter()
    for body in bodies:
        with engine.begin() as connection:
            records = [row for _, row in split(body)]
            raw.upsert(connection, "issues", records, origin=origin)
            rows += len(records)
    return rows / (time.perf_counter() - started)
