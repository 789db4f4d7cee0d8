"""What somebody should look at is counted."""

from datetime import timedelta

from flows.removals import finish
from tests.support.rows import AT, add_repository, claim, queue
from warehouse import removal
from warehouse.diagnosis import Diagnosis, budgets, diagnose
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


def test_a_removal_that_is_not_done_is_counted(warehouse: Engine) -> None:
    removal.begin(warehouse, add_repository(warehouse), by="ann", at=AT)

    assert found(warehouse, hours=0.5).removals == 0
    assert found(warehouse, hours=2).removals == 1

    finish(warehouse)
    assert found(warehouse, hours=2).removals == 0


def test_the_queue_is_as_old_as_the_job_that_could_have_begun_first(warehouse: Engine) -> None:
    assert (found(warehouse).queued, found(warehouse).queue_seconds) == (0, 0.0)
    queue(warehouse, add_repository(warehouse))
    claim(warehouse, add_repository(warehouse, "octo/other", github_id=2))

    told = found(warehouse, hours=2)

    assert (told.queued, told.running, told.queue_seconds) == (1, 1, 7_200.0)
    assert told.warehouse_bytes > 10**6


def test_a_limit_is_as_full_as_that_of_the_principal_with_least_and_full_once_it_is_renewed(
    warehouse: Engine,
) -> None:
    with warehouse.begin() as connection:
        for principal, remaining in (("one", 4_000), ("two", 50)):
            connection.exec_driver_sql(
                "insert into ops.principals (host, principal, kind) values ('h', %s, 'user')",
                (principal,),
            )
            connection.exec_driver_sql(
                "insert into ops.buckets (host, principal, bucket, quota, remaining, renewed_at)"
                " values ('h', %s, 'core', 5000, %s, %s)",
                (principal, remaining, AT + timedelta(minutes=10)),
            )
        assert budgets(connection, now=AT) == [("core", 0.01)]
        assert budgets(connection, now=AT + timedelta(hours=1)) == [("core", 1.0)]
