"""The ledger of calls to GitHub."""

from dataclasses import replace
from uuid import UUID

from gitinsight.github.client import RequestRecord
from tests.support.rows import AT, fetch
from warehouse import accounting
from warehouse.engine import Engine

JOB, OTHER = UUID(int=1), UUID(int=2)
CALL = RequestRecord(AT, "abc", "core", "/repos/octo/app", 200, 1, 12, 3_400, None)


def test_every_call_is_kept_and_counted_with_what_it_cost(warehouse: Engine) -> None:
    unmodified = replace(CALL, status=304, cost=0)
    broken = replace(CALL, status=0, cost=0, error="timed out")
    with warehouse.begin() as connection:
        accounting.record_requests(
            connection, [CALL, unmodified, broken], job_id=JOB, repository_id=7
        )
        accounting.record_requests(connection, [CALL], job_id=OTHER, repository_id=7)

        assert accounting.request_totals(connection, JOB) == (3, 1)
        found = fetch(
            connection,
            "select at, repository_id, principal, bucket, path, status, cost, milliseconds, bytes,"
            " error from ops.requests where job_id = %s order by request_id",
            JOB,
        )
    assert found[0] == (AT, 7, "abc", "core", "/repos/octo/app", 200, 1, 12, 3_400, None)
    assert [(status, error) for *_, status, _, _, _, error in found] == [
        (200, None), (304, None), (0, "timed out"),
    ]  # fmt: skip


def test_a_job_that_asked_nothing_cost_nothing(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        accounting.record_requests(connection, [], job_id=JOB, repository_id=7)

        assert accounting.request_totals(connection, JOB) == (0, 0)
