"""A million raw records: what building every mart from them takes, what one repository's job takes
when a hundredth of the records has changed, and what an unchanged job writes.

One recorded repository is extracted, and its raw rows are copied until there are enough of them. A
job builds the repository whose records have changed and no other, so what is measured is a fleet of
which a hundredth has changed.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from psycopg.sql import SQL, Identifier

from benchmarks import replay, worker
from benchmarks.figures import Figure, Target
from flows.steps import transform
from gitinsight import clock
from gitinsight.settings import DeliverySettings
from warehouse import publish
from warehouse.engine import Connection, Engine, driver, make_engine

NAME = "marts"
_ISSUE = 4
_REPOSITORY = "mlswg/mls-protocol"
_RECORDS = 1_000_000
_RUNS = 3


def measure() -> Iterator[Figure]:
    with replay.serving() as server, worker.place() as place:
        place.extract(_REPOSITORY, url=server.url, database="ours")
        engine = make_engine(place.database("ours"), process="bench")
        at = clock.now()
        records, ids = _multiply(engine)
        changed = ids[: max(1, round(len(ids) / 100))]

        def build(these: list[int]) -> float:
            return _seconds(lambda: _build(engine, place.directory, these, at))

        build(ids[:1])  # the project is compiled, and its relations are made
        whole = build(ids)
        _change(engine, changed)
        some = [build(changed) for _ in range(_RUNS)]
        _publish(engine, changed[0], at)
        build(changed)
        touched = _publish(engine, changed[0], at)
        engine.dispose()
    yield Figure(
        f"{NAME}-full", NAME, _ISSUE, f"records/s, {records:,} in {len(ids)} repositories",
        [records / whole], Target("value", ">=", 1), is_cost=False,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-changed", NAME, _ISSUE, "of the time of all, for the 1 % that has changed",
        [one / whole for one in some], Target("value", "<=", 0.08), is_cost=True,
    )  # fmt: skip
    yield Figure(
        f"{NAME}-unchanged", NAME, _ISSUE, "rows written by a job that finds nothing new",
        [touched], Target("value", "<=", 0), is_cost=True,
    )  # fmt: skip


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _build(engine: Engine, directory: Path, ids: list[int], at: datetime) -> None:
    found = transform.figures(
        engine, directory,
        transform.delivery_settings(DeliverySettings())
        | {"as_of": at.isoformat()},
        repository_ids=ids,
    )  # fmt: skip
    wrong = [one for one in found if one.status not in {"success", "pass"}]
    if wrong:
        raise RuntimeError(f"{wrong[0].node.name}: {wrong[0].message}")


def _multiply(engine: Engine) -> tuple[int, list[int]]:
    """How many raw records there are at the end, and the ids of the repositories."""
    with engine.begin() as connection:
        tables = _raw_tables(connection)
        held = sum(_count(connection, "raw", one) for one in tables)
        copies = -(-_RECORDS // held)
        ids = [
            one
            for (one,) in driver(connection).execute(
                "insert into ops.repositories"
                " (host, github_id, full_name, clone_url, default_branch, state, added_at)"
                " select host, github_id + n, full_name || n, clone_url || n, default_branch,"
                " state, added_at from ops.repositories cross join generate_series(2, %s) as n"
                " returning repository_id",
                (copies,),
            )
        ]
        for schema, table in [*(("raw", one) for one in tables), ("ops", "completeness")]:
            _copy(connection, schema, table, ids)
    with engine.connect() as connection:
        driver(connection).autocommit = True
        driver(connection).execute("vacuum analyze")
    return held * (len(ids) + 1), [1, *ids]


def _raw_tables(connection: Connection) -> list[str]:
    found = driver(connection).execute(
        "select table_name from information_schema.columns join information_schema.tables"
        " using (table_schema, table_name) where table_schema = 'raw'"
        " and column_name = 'repository_id' and table_type = 'BASE TABLE'"
    )
    return [name for (name,) in found]


def _count(connection: Connection, schema: str, table: str) -> int:
    counted = driver(connection).execute(
        SQL("select count(*) from {}").format(Identifier(schema, table))
    )
    return int(counted.fetchall()[0][0])


def _copy(connection: Connection, schema: str, table: str, ids: list[int]) -> None:
    columns = [
        name
        for (name,) in driver(connection).execute(
            "select column_name from information_schema.columns where table_schema = %s"
            " and table_name = %s and column_name <> 'repository_id' and is_generated = 'NEVER'"
            " and is_identity = 'NO'",
            (schema, table),
        )
    ]
    names = SQL(", ").join(map(Identifier, columns))
    driver(connection).execute(
        SQL(
            "insert into {0} (repository_id, {1}) select copy, {1} from {0}"
            " cross join unnest(%s::bigint[]) as copy"
        ).format(Identifier(schema, table), names),
        (ids,),
    )


def _change(engine: Engine, ids: list[int]) -> None:
    with engine.begin() as connection:
        driver(connection).execute(
            'update raw.github_issues set payload = payload || \'{"title": "another one"}\''
            " where repository_id = any(%s)",
            (ids,),
        )


def _publish(engine: Engine, repository_id: int, at: datetime) -> int:
    """How many rows of marts were written."""
    with engine.begin() as connection:
        publish.prepare(connection)
        publish.publish(
            connection, repository_id, job_id=uuid4(), as_of=at, at=at, quality_status="passed",
            rows={},
        )  # fmt: skip
        counted = driver(connection).execute(
            "select sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint"
            " from pg_stat_xact_user_tables where schemaname = 'marts'"
        )
        return int(counted.fetchall()[0][0] or 0)
