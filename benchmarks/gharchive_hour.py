"""How fast an hour of GH Archive gets into PostgreSQL, and in how much memory."""

import argparse
import gzip
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from gitinsight import clock
from gitinsight.gharchive import hours, sources
from gitinsight.runtime import postgres, state
from gitinsight.runtime.process import free_port
from warehouse import gharchive
from warehouse.engine import driver, make_engine
from warehouse.migrate import migrate

HOUR = datetime(2026, 7, 15, 12, tzinfo=UTC)
EVENTS = 150_000
RUNS = 3
TARGET_PER_SECOND, TARGET_MIB = 50_000, 128
_PUSHES = 0.97
"""Of all events of 2026, see gitinsight.gharchive.hours."""


def write_hour(path: Path, *, events: int = EVENTS, seed: int = 1) -> None:
    """The same hour for the same seed, as they are since October 2025: pushes without commits."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    with gzip.open(path, "wb", compresslevel=6) as file:
        for number in range(events):
            file.write(json.dumps(_event(chance, number, events), separators=(",", ":")).encode())
            file.write(b"\n")


def measure(directory: Path) -> dict[str, Any]:
    """Load the hour in a process of its own, each time into a warehouse without it."""
    file = directory / f"{hours.name(HOUR)}.json.gz"
    write_hour(file)
    home = directory / "state"
    state.prepare(home)
    runs = []
    with postgres.running(home, port=free_port(0)) as server:
        for run in range(RUNS):
            url = server.ensure_database(f"run_{run}")
            engine = make_engine(url, process="benchmark")
            migrate(engine)
            engine.dispose()
            done = subprocess.run(  # noqa: S603 - this file
                [sys.executable, "-m", "benchmarks.gharchive_hour", "--load", url, str(directory)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            runs.append(json.loads(done.stdout))
    speed = [one["events_per_second"] for one in runs]
    memory = [one["peak_rss_mib"] for one in runs]
    median = statistics.median(speed)
    return {
        "name": "gharchive_hour",
        "events": EVENTS,
        "compressed_bytes": file.stat().st_size,
        "events_per_second": median,
        "peak_rss_mib": max(memory),
        "target": {"events_per_second": TARGET_PER_SECOND, "peak_rss_mib": TARGET_MIB},
        "met": median >= TARGET_PER_SECOND and max(memory) < TARGET_MIB,
        "runs": runs,
    }


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load", nargs=2, metavar=("URL", "DIRECTORY"), help="one run, here")
    chosen = parser.parse_args()
    if chosen.load:
        result: dict[str, Any] = load(chosen.load[0], Path(chosen.load[1]))
    else:
        with tempfile.TemporaryDirectory(prefix="gitinsight-gharchive-") as directory:
            Path(directory).chmod(0o711)  # PostgreSQL runs as nobody where this runs as root
            result = measure(Path(directory))
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
