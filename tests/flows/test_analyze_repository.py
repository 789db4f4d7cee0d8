"""The flows that Prefect shows; that it runs them is seen in the tests of the whole stack."""

from flows.analyze_repository import queue_all
from gitinsight.settings import Settings
from tests.support.analyses import count, enqueue, follow
from warehouse.engine import Engine


def test_everything_that_can_be_read_and_has_no_job_gets_one(
    settings: Settings, warehouse: Engine
) -> None:
    enqueue(settings, warehouse, "synthetic-labs/aurora")
    follow(settings, warehouse, "synthetic-labs/borealis")
    follow(settings, warehouse, "synthetic-labs/empty-repo")
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.repositories set state = 'blocked'"
            " where full_name = 'synthetic-labs/borealis'"
        )

    queued = queue_all(settings)

    assert queued == 1
    assert count(warehouse, "ops.jobs where state = 'queued'") == 2
