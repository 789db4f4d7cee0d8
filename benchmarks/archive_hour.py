"""How fast an hour of GH Archive gets into PostgreSQL, and in how much memory."""

import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from benchmarks import worker
from benchmarks.figures import ROOT, Figure, Target
from gitinsight import clock
from gitinsight.gharchive import hours, sources
from warehouse import gharchive
from warehouse.engine import driver, make_engine
from warehouse.migrate import migrate

NAME = "archive-hour"
HOUR = datetime(2026, 7, 15, 12, tzinfo=UTC)
EVENTS = 150_000
_RUNS = 3
_ISSUE = 3
_PUSHES = 0.97
"""Of all events of 2026, see gitinsight.gharchive.hours."""


def write_hour(path: Path, *, events: int = EVENTS, seed: int = 1) -> None:
    """The same hour for the same seed, as they are since October 2025: pushes without commits."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    with gzip.open(path, "wb", compresslevel=6) as file:
        for number in range(events):
            file.write(json.dumps(_event(chance, number, events), separators=(",", ":")).encode())
            file.write(b"\n")


def measure() -> Iterator[Figure]:
    """The hour in a process of its own, each time into a warehouse without it."""
    speed, memory = [], []
    with worker.place() as place, tempfile.TemporaryDirectory() as directory:
        write_hour(Path(directory) / f"{hours.name(HOUR)}.json.gz")
        for run in range(_RUNS):
            url = place.database(f"run{run}")
            engine = make_engine(url, process="worker")
            migrate(engine)
            engine.dispose()
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.archive_hour", url, directory],
                cwd=ROOT, capture_output=True, text=True, check=True,
            )  # fmt: skip
            said = json.loads(done.stdout)
            speed.append(said["events_per_second"])
            memory.append(said["peak_rss_mib"])
    yield Figure(
        NAME, NAME, _ISSUE, "events a second", speed, Target("value", ">=", 50_000), is_cost=False
    )
    yield Figure(
        f"{NAME}-memory", NAME, _ISSUE, "MiB", memory, Target("value", "<=", 128), is_cost=True
    )


def load(url: str, directory: Path) -> dict[str, float]:
    """What the process that loads says of itself; its start is not counted."""
    engine = make_engine(url, process="benchmark", pool_size=1)
    with sources.client() as http, engine.connect() as connection:
        server = psutil.Process(driver(connection).info.backend_pid)
        connection.rollback()
        started, cpu = time.monotonic(), time.process_time()
        with connection.begin(), sources.opened(str(directory), HOUR, http) as download:
            held, new = gharchive.load(connection, HOUR, download, at=clock.now())
        seconds, cpu = time.monotonic() - started, time.process_time() - cpu
        spent = server.cpu_times()
    engine.dispose()
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "events": held.events_count or 0,
        "new": new,
        "seconds": round(seconds, 3),
        "client_cpu_seconds": round(cpu, 3),
        "server_cpu_seconds": round(spent.user + spent.system, 3),
        "events_per_second": round(new / seconds),
        "peak_rss_mib": round(peak_kib / 1024, 1),
    }


def _event(chance: random.Random, number: int, events: int) -> dict[str, Any]:
    actor = chance.randrange(1, 2_000_000)
    repository = int(chance.paretovariate(0.6)) % 900_000_000 + 1
    login, name = f"user-{actor}", f"user-{actor}/project-{repository % 1000}"
    is_push = chance.random() < _PUSHES
    kind = "PushEvent" if is_push else chance.choice(("WatchEvent", "IssueCommentEvent"))
    event: dict[str, Any] = {
        "id": str(34_000_000_000 + number * 7),
        "type": kind,
        "actor": {
            "id": actor, "login": login, "display_login": login, "gravatar_id": "",
            "url": f"https://api.github.com/users/{login}",
            "avatar_url": f"https://avatars.githubusercontent.com/u/{actor}?",
        },
        "repo": {
            "id": repository, "name": name, "url": f"https://api.github.com/repos/{name}",
        },
        "payload": _payload(chance, kind),
        "public": True,
        "created_at": f"{HOUR + timedelta(seconds=number * 3600 // events):%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip
    if chance.random() < 0.2:  # noqa: PLR2004 - a fifth of all events
        event["org"] = {
            "id": actor, "login": login, "gravatar_id": "",
            "url": f"https://api.github.com/orgs/{login}",
            "avatar_url": f"https://avatars.githubusercontent.com/u/{actor}?",
        }  # fmt: skip
    return event


def _payload(chance: random.Random, kind: str) -> dict[str, Any]:
    if kind == "WatchEvent":
        return {"action": "started"}
    if kind == "IssueCommentEvent":
        body = " ".join(_word(chance) for _ in range(chance.randrange(5, 400)))
        return {"action": "created", "comment": {"id": chance.getrandbits(31), "body": body}}
    return {
        "repository_id": chance.getrandbits(30), "push_id": chance.getrandbits(34),
        "ref": f"refs/heads/{_word(chance)}", "head": f"{chance.getrandbits(160):040x}",
        "before": f"{chance.getrandbits(160):040x}",
    }  # fmt: skip


def _word(chance: random.Random) -> str:
    return chance.choice(("fix", "the", "update", "of", "größer", "test", "remove", "\n", "readme"))


if __name__ == "__main__":
    print(json.dumps(load(sys.argv[1], Path(sys.argv[2]))))
