"""The same raw rows give the same figures, whatever happens to be first."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import dagster as dg
import pytest
from prefect.testing.utilities import prefect_test_harness

from flows import catalog
from flows.alone import work_off
from flows.analyze_repository import analyze_repository
from flows.steps import extract, insights, publish, transform
from flows.steps.code import read_code
from gitinsight import clock
from gitinsight.settings import Settings, as_environment
from tests.support.analyses import attempting, enqueue, rows
from tests.support.databases import empty
from warehouse.engine import Engine
from warehouse.insights import ORDER

NAMES = ("synthetic-labs/aurora", "synthetic-labs/borealis", "synthetic-labs/empty-repo")


def tables(warehouse: Engine, *schemas: str) -> list[str]:
    found = rows(
        warehouse,
        "select table_schema || '.' || table_name from information_schema.tables"
        f" where table_schema = any('{{{','.join(schemas)}}}') and table_type = 'BASE TABLE'",
    )
    return sorted(name for (name,) in found)


def shuffle(warehouse: Engine) -> None:
    """No row of raw lies where it lay."""
    with warehouse.begin() as connection:
        for table in (*tables(warehouse, "raw"), "ops.completeness"):
            connection.exec_driver_sql(
                f"create temporary table shuffled on commit drop as select * from {table};"
                f" delete from {table};"
                f" insert into {table} select * from shuffled order by random();"
                " drop table shuffled"
            )
        for table in tables(warehouse, "raw"):
            connection.exec_driver_sql(f"analyze {table}")


def shown(warehouse: Engine) -> list[str]:
    """Every mart and every insight; what was measured in code is what both are made of."""
    return [*tables(warehouse, "marts"), *(f"insights.{one}" for one in ORDER)]


def build(
    settings: Settings, warehouse: Engine, names: Sequence[str], as_of: datetime
) -> dict[str, str]:
    """Marts and insights of these repositories, from nothing; a hash of each table."""
    empty(warehouse, *shown(warehouse))
    for name in names:
        with attempting(settings, warehouse, name, as_of=as_of) as run:
            assert {one.status for one in transform.transform(run)} == {"passed"}
            publish.publish(run, insights.compute(run), quality_status="passed")
    return hashes(warehouse)


def hashes(warehouse: Engine) -> dict[str, str]:
    """Of each table that readers see; nothing in it says who made it, or when."""
    return {
        table: rows(
            warehouse,
            "select md5(string_agg(row, ' ' order by row)) from ("
            f" select (to_jsonb(one) - 'job_id')::text as row from {table} as one) as every_row",
        )[0][0]
        for table in shown(warehouse)
    }


@pytest.mark.slow
def test_two_builds_of_the_same_rows_are_equal_to_the_last_byte(
    settings: Settings, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        with attempting(settings, warehouse, name) as run:
            extract.extract(run, lambda _name, step: step())
            read_code(run)
    as_of = clock.now()

    monkeypatch.setenv("GITINSIGHT_DBT_THREADS", "1")
    one_way = build(settings, warehouse, NAMES, as_of)
    shuffle(warehouse)
    monkeypatch.setenv("GITINSIGHT_DBT_THREADS", "4")
    another = build(settings, warehouse, NAMES[::-1], as_of)

    # Their days are even, and they have no manifest.
    assert {table for table, made in one_way.items() if made is None} == {
        "insights.anomalies", "marts.dependency_risk",
    }  # fmt: skip
    assert another == one_way


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "default::pytest.PytestUnraisableExceptionWarning"  # Prefect's client leaves sockets open
)
def test_every_orchestrator_makes_the_same_figures(
    settings: Settings, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    as_of = clock.now()
    catalogue = catalog.definitions(settings).resolve_job_def("analyze_repositories")

    def by_dagster(_job_id: UUID, name: str) -> None:
        with dg.DagsterInstance.ephemeral() as instance:
            instance.add_dynamic_partitions("repositories", [name])
            assert catalogue.execute_in_process(instance=instance, partition_key=name).success

    def by_prefect(job_id: UUID, name: str) -> None:
        asyncio.run(analyze_repository(str(job_id), name))

    def by_nobody(job_id: UUID, _name: str) -> None:
        work_off(settings, warehouse, [job_id])

    found = []
    with prefect_test_harness(server_startup_timeout=120):
        for make in (by_dagster, by_prefect, by_nobody):
            empty(warehouse, *shown(warehouse))
            for name in NAMES:
                make(enqueue(settings, warehouse, name, as_of=as_of, is_full=True).job_id, name)
            found.append(hashes(warehouse))

    done = rows(warehouse, "select distinct split_part(worker, ' ', 1), state from ops.jobs")
    assert set(done) == {(one, "succeeded") for one in ("dagster", "prefect", "cli")}
    assert found[0] == found[1] == found[2]
