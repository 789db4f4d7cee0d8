"""The fast lane beside a Go service over the same rows: summaries and searches.

Both check who asks, log every answer and count it. Each server has one processor, the load the
other one; runs alternate, so that whatever else the machine does meets all of them alike.
"""

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote_plus

import httpx2
import psycopg

from benchmarks import go_peer, worker
from benchmarks.figures import Baseline, Figure, Target
from benchmarks.go_peer import Load, Programs, Server
from benchmarks.measure import Failed
from gitinsight.runtime import process, state
from warehouse.engine import make_engine
from warehouse.migrate import migrate

NAME = "fast"
_ISSUE = 5
_REPOSITORIES = 1_000_000
_STARTS = 5
_RUNS = 3
"""Of each kind in each start."""
_SECONDS = 2.0
_STEADY = 1_000
"""Requests a second that every one of them answers without trouble."""
_QUERIES = 20_000
_KNOWN = 300
_REPEATED = 200
_INDEXING_SECONDS = 1_200
_AT_REST_SECONDS = 0.05
"""Of CPU in a second."""
_Way: TypeAlias = Callable[[random.Random, str], str]
_OURS = "ours"
_SEARCH = "/api/v1/fast/search"
_FILL = """
insert into ops.repositories (host, github_id, full_name, clone_url, state, added_at)
select 'https://api.github.test', id, full_name, 'https://github.test/' || full_name, 'active',
       '2026-01-01'
from repositories order by id;
insert into raw.github_repositories
    (repository_id, id, payload, content_hash, source, api_version,
     sanitized, extracted_at, run_id)
select r.repository_id, r.github_id,
       jsonb_build_object(
           'description', g.description, 'topics', to_jsonb(g.topics), 'language', g.language,
           'stargazers_count', g.stars
       ),
       decode(md5(g.full_name), 'hex'), 'rest', '2022-11-28', false, '2026-01-01',
       gen_random_uuid()
from ops.repositories r join repositories g on g.id = r.github_id;
insert into ops.publications
    (repository_id, publication, job_id, as_of, published_at, quality_status, coverage)
select repository_id, 1, gen_random_uuid(), '2026-01-01', '2026-01-01', 'passed', '{}'
from ops.repositories;
create schema if not exists marts;
create table marts.repository_summary as
select r.repository_id, s.* from repo_summary s join ops.repositories r on r.github_id = s.repo_id;
alter table marts.repository_summary add primary key (repository_id);
analyze;
"""


@dataclass(frozen=True, slots=True)
class Contest:
    """``directory`` is the state of ours, which keeps its index from one start to the next."""

    programs: Programs
    database: str
    redis: str
    directory: Path

    @contextmanager
    def started(self) -> Iterator[list[Server]]:
        """Ours, and the peers, with what they need in their caches and nothing left to do."""
        with ExitStack() as stack:
            peers = [
                stack.enter_context(
                    go_peer.serving(
                        self.programs, url=self.database, redis=self.redis, mode=mode,
                        log=self.directory / f"go-{mode}.log",
                    )
                )
                for mode in ("l1", "get")
            ]  # fmt: skip
            ours = stack.enter_context(serving_ours(self.directory, self.database))
            _wait_for_index(ours, self.database)
            for one in (ours, *peers):
                for _ in range(2):
                    go_peer.drive(self.programs, one, seconds=2, rate=2_000)
                _wait_for_rest(one)
            yield [ours, *peers]


_Loads: TypeAlias = Mapping[str, list[Load]]
"""Of each server, by its name."""


def measure() -> Iterator[Figure]:
    """Every start is another layout of memory, which alone makes some per cent: there are some."""
    loads: dict[str, dict[str, list[Load]]] = {}
    kinds: dict[str, Mapping[str, Any]] = {}
    ranked: dict[str, list[float]] = {}
    with _contest() as contest:
        for _ in range(_STARTS):
            with contest.started() as servers:
                kinds = kinds or _kinds(contest, servers[1])
                ranked = ranked or {
                    kind: [
                        _found(one, contest.database, asked_as, random.Random(7))  # noqa: S311 - the same again each time
                        for one in servers[:2]
                    ]
                    for kind, asked_as in _WAYS.items()
                }  # fmt: skip
                for kind, told in kinds.items():
                    _alternate(contest, servers, loads.setdefault(kind, {}), told)
        version = contest.programs.version
    yield from _summaries(loads, version)
    yield from _searches(loads, version)
    peer = servers[1].name
    for kind, (found, theirs) in ranked.items():
        yield Figure(
            f"{NAME}-search-{kind}", NAME, _ISSUE, f"of {kind} names among the first ten",
            [found], Target("ratio", ">=", 1), is_cost=False,
            baseline=Baseline(peer, version, theirs),
        )  # fmt: skip


def _kinds(contest: Contest, peer: Server) -> dict[str, Mapping[str, Any]]:
    """What is asked, and how."""
    names = _names(contest.database)
    drawn = random.Random(5)  # noqa: S311 - the same again each time
    queries = {_query(drawn, drawn.choice(names)) for _ in range(_QUERIES)}
    asked, few = contest.directory / "queries.txt", contest.directory / "few.txt"
    asked.write_text("\n".join(map(quote_plus, queries)) + "\n", "utf-8")
    few.write_text("\n".join(map(quote_plus, _short(peer, sorted(queries)))) + "\n", "utf-8")
    return {
        "summary": {}, "steady": {"rate": _STEADY}, "repeated": {"QFILE": str(few)},
        "search": {"QFILE": str(asked), "LIMITS": "1"},
    }  # fmt: skip


def _alternate(
    contest: Contest, servers: Sequence[Server], loads: dict[str, list[Load]],
    told: Mapping[str, Any],
) -> None:  # fmt: skip
    for _ in range(_RUNS):
        for one in random.sample(servers, len(servers)):
            load = go_peer.drive(contest.programs, one, seconds=_SECONDS, **told)
            loads.setdefault(one.name, []).append(load)


def _summaries(loads: Mapping[str, _Loads], version: str) -> Iterator[Figure]:
    asked = loads["summary"]
    yield _compared(
        asked, version, "requests_per_second", "summary", "summaries a second", is_cost=False,
        limit=2.5,
    )  # fmt: skip
    yield _compared(
        asked, version, "cpu_microseconds", "summary-cpu", "microseconds of CPU a summary",
        is_cost=True, limit=3,
    )  # fmt: skip
    with_redis = {name: asked[name] for name in asked if name != "Go, l1"}
    yield _compared(
        with_redis, version, "requests_per_second", "summary-redis",
        "summaries a second, beside one that asks Redis", is_cost=False, limit=4,
    )  # fmt: skip
    yield _compared(
        with_redis, version, "cpu_microseconds", "summary-redis-cpu",
        "microseconds of CPU a summary, beside one that asks Redis", is_cost=True, limit=3,
    )  # fmt: skip
    yield _compared(
        loads["steady"], version, "p99", "summary-p99",
        f"ms, p99 at {_STEADY:,} summaries a second", is_cost=True,
    )  # fmt: skip


def _searches(loads: Mapping[str, _Loads], version: str) -> Iterator[Figure]:
    yield _compared(
        loads["search"], version, "requests_per_second", "search",
        f"searches a second, each another one, of {_REPOSITORIES:,} repositories",
        is_cost=False, limit=20,
    )  # fmt: skip
    yield _compared(
        loads["repeated"], version, "requests_per_second", "search-repeated",
        f"searches a second, {_REPEATED} again and again", is_cost=False, limit=3,
    )  # fmt: skip


def _short(peer: Server, queries: Sequence[str]) -> list[str]:
    """Some whose answers the load can read to their end: it knows no chunks."""
    found = []
    with _client(peer) as client:
        for q in queries:
            if "content-length" in client.get(_SEARCH, params={"q": q}).headers:
                found.append(q)
            if len(found) == _REPEATED:
                break
    return found


def _client(server: Server) -> httpx2.Client:
    key, _, value = server.header.strip().partition(": ")
    return httpx2.Client(
        base_url=f"http://127.0.0.1:{server.port}", headers={key: value}, timeout=60
    )


def _compared(
    loads: _Loads, version: str, measured: str, name: str, unit: str, *, is_cost: bool,
    limit: float = 1.0,
) -> Figure:  # fmt: skip
    """Against the peer that does best."""
    values = {who: [getattr(one, measured) for one in of] for who, of in loads.items()}
    peers = {who: statistics.median(of) for who, of in values.items() if who != _OURS}
    best = (min if is_cost else max)(peers, key=lambda one: peers[one])
    return Figure(
        f"{NAME}-{name}", NAME, _ISSUE, unit, values[_OURS], Target("ratio", ">=", limit),
        is_cost=is_cost, baseline=Baseline(best, version, peers[best]),
    )  # fmt: skip


def _names(database: str) -> list[str]:
    """Of repositories that somebody may look for, most stars first among equal names."""
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "select distinct name from repositories where stars >= 20 and length(name) >= 8"
            " order by name"
        )
        return [name for (name,) in found]


def _query(drawn: random.Random, name: str) -> str:
    ways = list(_WAYS.values())
    return ways[drawn.randrange(len(ways))](drawn, name.replace("-", " "))


def _exact(_: random.Random, words: str) -> str:
    return words


def _begun(_: random.Random, words: str) -> str:
    return words[: max(4, len(words) * 7 // 10)].strip()


def _misspelt(drawn: random.Random, words: str) -> str:
    """One letter of the longest word is left out, put in, exchanged or transposed."""
    each = words.split()
    at = max(range(len(each)), key=lambda one: len(each[one]))
    word, letter = each[at], drawn.choice("aeioutrnsl")
    i = drawn.randrange(1, len(word))
    each[at] = drawn.choice((
        word[:i] + word[i + 1 :], word[:i] + letter + word[i:], word[:i] + letter + word[i + 1 :],
        word[: i - 1] + word[i] + word[i - 1] + word[i + 1 :],
    ))  # fmt: skip
    return " ".join(each)


_WAYS: Mapping[str, _Way] = {
    "exact": _exact, "begun": _begun, "misspelt": _misspelt,
}  # fmt: skip
"""How somebody asks for a name."""


def _found(server: Server, database: str, asked_as: _Way, drawn: random.Random) -> float:
    """The share of names of which one bearer is among the first ten."""
    names = drawn.sample(_names(database), _KNOWN)
    hits = 0
    with psycopg.connect(database) as connection, _client(server) as client:
        for name in names:
            bearers = {
                full for (full,) in
                connection.execute("select full_name from repositories where name = %s", (name,))
            }  # fmt: skip
            q = asked_as(drawn, name.replace("-", " "))
            told = client.get(_SEARCH, params={"q": q, "limit": "10"}).json()
            rows = told["data"] if isinstance(told, dict) else told
            hits += bool(bearers & {one.get("full_name") or one["title"] for one in rows})
    return hits / len(names)


@contextmanager
def _contest() -> Iterator[Contest]:
    programs = go_peer.programs()
    with worker.place() as place, go_peer.redis() as redis:
        database = place.database("fast")
        _fill(database)
        yield Contest(programs, database, redis, place.directory)


@contextmanager
def serving_ours(directory: Path, database: str, *, processes: int = 1) -> Iterator[Server]:
    """One process on a processor of its own, or several on all of them."""
    port = process.free_port(0)
    told = {
        "GITINSIGHT_STATE_DIR": str(directory), "GITINSIGHT_WAREHOUSE__URL": database,
        "GITINSIGHT_API__PORT": str(port), "GITINSIGHT_AUTH__MODE": "required",
        "GITINSIGHT_API__WORKERS": str(processes),
        # All of the load is one caller.
        "GITINSIGHT_AUTH__REQUESTS_PER_MINUTE": "0", "GITINSIGHT_AUTH__STREAMS_AT_ONCE": "0",
    }  # fmt: skip
    command = [sys.executable, "-m", "api.serve"]
    with go_peer.running(
        command,
        port=port,
        log=directory / "api.log",
        path="/health/live",
        env=told,
        is_pinned=processes == 1,
    ) as pid:
        yield Server(_OURS, port, pid, f"Authorization: Bearer {_key(port, directory)}\r\n")


def _key(port: int, directory: Path) -> str:
    """Of somebody who sees what everybody does: who sees more, as the admin, is not on the lane."""
    answer = httpx2.post(
        f"http://127.0.0.1:{port}/api/v1/api-keys", json={"name": "bench", "scopes": ["read"]},
        headers={"authorization": f"Bearer {state.admin_key(directory)}"}, timeout=60,
    )  # fmt: skip
    key: str = answer.raise_for_status().json()["key"]
    return key


def _wait_for_index(ours: Server, database: str) -> None:
    with psycopg.connect(database) as connection:
        found = connection.execute("select full_name from repositories order by id desc limit 1")
        ((last,),) = found.fetchall()
    deadline = time.monotonic() + _INDEXING_SECONDS
    with _client(ours) as client:
        while time.monotonic() < deadline:
            answer = client.get(_SEARCH, params={"q": last})
            if any(one["title"] == last for one in answer.raise_for_status().json()["data"]):
                return
            time.sleep(1)
    raise Failed("the index is not ready in time")


def _wait_for_rest(server: Server) -> None:
    """Until it does next to nothing: what it looks over once it has started is no answer's cost."""
    deadline = time.monotonic() + _INDEXING_SECONDS
    while time.monotonic() < deadline:
        before = go_peer.cpu_seconds(server.pid)
        time.sleep(1)
        if go_peer.cpu_seconds(server.pid) - before < _AT_REST_SECONDS:
            return
    raise Failed(f"{server.name} does not come to rest")


def _fill(database: str) -> None:
    """The peer's own rows, and ours made of them."""
    seeding = subprocess.run(
        [sys.executable, str(go_peer.FOLDER / "seed" / "seed.py"), str(_REPOSITORIES)],
        env={"PG_DSN": database, "PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if seeding.returncode:
        raise Failed(f"no rows: {seeding.stderr[-500:]}")
    engine = make_engine(database, process="bench")
    migrate(engine)
    engine.dispose()
    with psycopg.connect(database) as connection:
        connection.execute(_FILL)
