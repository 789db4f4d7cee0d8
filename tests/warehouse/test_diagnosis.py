"""What somebody should look at is counted."""

from datetime import timedelta

from tests.support.rows import AT, add_repository, claim, queue
from warehouse.diagnosis import Diagnosis, diagnose
from warehouse.engine import Engine


def found(warehouse: Engine, hours: float = 0) -> Diagnosis:
    with warehouse.connect() as connection:
        return diagnose(connection, now=AT + timedelta(hours=hours))


def test_nothing_is_wrong_with_what_is_new(warehouse: Engine) -> None:
    claim(warehouse, add_repository(warehouse))

    told = found(warehouse)

    assert (told.waiting, told.abandoned, told.failed, told.deliveries) == (0, 0, 0, 0)
    assert told.server_version >= 18


def test_a_job_that_nobody_takes_waits_and_one_that_is_parked_does_not(warehouse: Engine) -> None:
    job = queue(warehouse, add_repository(warehouse))
    assert found(warehouse, hours=0.9).waiting == 0
    assert found(warehouse, hours=1.1).waiting == 1

    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.jobs set not_before = %s where job_id = %s",
            (AT + timedelta(hours=3), job.job_id),
        )
    assert found(warehouse, hours=3.5).waiting == 0
    assert found(warehouse, hours=4.5).waiting == 1


def test_a_job_whose_lease_has_run_out_is_abandoned(warehouse: Engine) -> None:
    claim(warehouse, add_repository(warehouse))

    assert found(warehouse, hours=0.01).abandoned == 0
    assert found(warehouse, hours=1).abandoned == 1


def test_only_the_newest_job_of_a_repository_counts_as_failed(warehouse: Engine) -> None:
    job = queue(warehouse, add_repository(warehouse))
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.jobs set state = 'failed', finished_at = %s where job_id = %s",
            (AT, job.job_id),
        )
    assert found(warehouse).failed == 1

    later = queue(warehouse)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.jobs set state = 'succeeded', finished_at = %s where job_id = %s",
            (AT + timedelta(minutes=1), later.job_id),
        )
    assert found(warehouse).failed == 0


def test_a_delivery_that_nobody_looks_at_is_counted(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into ops.webhook_deliveries (delivery_id, event, headers, body, received_at)"
            " values (gen_random_uuid(), 'push', '{}', 'x', %s)",
            (AT,),
        )

    assert found(warehouse, hours=0.5).deliveries == 0
    assert found(warehouse, hours=2).deliveries == 1
