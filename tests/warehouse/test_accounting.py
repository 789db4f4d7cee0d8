"""The ledger of calls to GitHub."""

from dataclasses import replace
from uuid import UUID

from gitinsight.github.client import RequestRecord
from tests.support.rows import AT, HOST, add_repository, fetch
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


def test_what_is_typical_is_the_median_of_answers_of_one_host(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    with warehouse.begin() as connection:
        calls = [replace(CALL, milliseconds=took) for took in (10, 20, 900)]
        calls += [replace(CALL, bucket="graphql", milliseconds=700)]
        calls += [replace(CALL, status=0, milliseconds=30_000)] * 5
        accounting.record_requests(connection, calls, job_id=None, repository_id=repository_id)

        assert accounting.typical_milliseconds(connection, HOST) == {"core": 20, "graphql": 700}
        assert accounting.typical_milliseconds(connection, "https://elsewhere.test") == {}
