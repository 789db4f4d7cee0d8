"""Ordinary reads of a mart over HTTP: a hundred connections that ask without a pause, for a minute.

The API has as many processes as there are processors, and shares them with PostgreSQL and the load.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks import worker
from benchmarks.fast import serving_ours
from benchmarks.figures import Figure, Target
from benchmarks.go_peer import Server
from benchmarks.measure import Failed
from benchmarks.replay import Missing
from warehouse.engine import make_engine
from warehouse.migrate import migrate

NAME = "reads"
_ISSUE = 5
_CONNECTIONS = 100
_SECONDS = 60
_WARM_SECONDS = 15
"""So that each process has answered each of them once."""
_REPOSITORIES = 1_000
_MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
_FILL = """
insert into ops.repositories (host, github_id, full_name, clone_url, state, added_at)
select 'https://api.github.test', n, 'octo/app-' || n, 'https://github.test/octo/app-' || n,
       'active', '2026-01-01'
from generate_series(1, %(repositories)s) as n;
insert into ops.publications
    (repository_id, publication, job_id, as_of, published_at, quality_status, coverage)
select repository_id, 1, gen_random_uuid(), '2026-01-01', '2026-01-01', 'passed', '{}'
from ops.repositories;
create schema if not exists marts;
create table marts.daily_activity as
select repository_id, day::date, (10 * random())::bigint as commits_count,
       (9 * random())::bigint as commits_human_count,
       (1000 * random())::numeric as lines_added_count,
       (5 * random())::bigint as active_persons_count
from ops.repositories cross join generate_series('2025-01-01', '2025-12-31', interval '1 day') day;
alter table marts.daily_activity add primary key (repository_id, day);
"""
_SCRIPT = """
local header, value = ({header}):match("([^:]+): ([^\\r]+)")
wrk.headers[header] = value
request = function()
  local repository = math.random({count})
  return wrk.format("GET", "/api/v1/marts/daily_activity/rows?repository_id=" .. repository)
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    requests_per_second: float
    p99: float
    errors: int


def measure() -> Iterator[Figure]:
    program = shutil.which("wrk")
    if program is None:
        raise Missing("wrk is needed to put a load on it")
    with ExitStack() as stack:
        place = stack.enter_context(worker.place())
        database = place.database("reads")
        _fill(database)
        ours = stack.enter_context(
            serving_ours(place.directory, database, processes=os.cpu_count() or 1)
        )
        script = Path(stack.enter_context(tempfile.NamedTemporaryFile(suffix=".lua")).name)
        script.write_text(
            _SCRIPT.format(header=f'"{ours.header.strip()}"', count=_REPOSITORIES), "utf-8"
        )
        _drive(program, ours, script, seconds=_WARM_SECONDS)
        load = _drive(program, ours, script, seconds=_SECONDS)
    unit = f"{_CONNECTIONS} connections for {_SECONDS} s"
    yield from (
        Figure(f"{NAME}-{name}", NAME, _ISSUE, f"{what}, {unit}", [value], target, is_cost=is_cost)
        for name, what, value, target, is_cost in (
            ("p99", "ms, p99 of a read of a mart", load.p99, Target("value", "<=", 150), True),
            ("rate", "reads a second", load.requests_per_second, Target("value", ">=", 1), False),
            ("errors", "reads without an answer", load.errors, Target("value", "<=", 0), True),
        )
    )


def _drive(program: str, server: Server, script: Path, *, seconds: int) -> Load:
    command: Sequence[str] = [
        program, "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", "--latency", "--timeout", "10s",
        "-s", str(script), f"http://127.0.0.1:{server.port}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", said)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if p99 is None or rate is None:
        raise Failed(f"no load could be put on it: {said[-500:]}{done.stderr[-500:]}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said
    )
    errors = [*(refused.groups() if refused else ()), *(broken.groups() if broken else ())]
    return Load(float(rate[1]), float(p99[1]) * _MILLISECONDS[p99[2]], sum(map(int, errors)))


def _fill(database: str) -> None:
    engine = make_engine(database, process="bench")
    migrate(engine)
    engine.dispose()
    with psycopg.connect(database) as connection:
        for statement in _FILL.split(";\n"):
            connection.execute(
                statement.encode(),
                {"repositories": _REPOSITORIES} if "%(" in statement else None,
            )
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("vacuum analyze")
