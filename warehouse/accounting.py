"""The ledger of calls to GitHub."""

from collections.abc import Sequence
from uuid import UUID

from gitinsight.github.client import RequestRecord
from warehouse.engine import Connection, driver


def record_requests(
    connection: Connection, records: Sequence[RequestRecord], *, job_id: UUID | None = None,
    repository_id: int | None = None,
) -> None:  # fmt: skip
    """Of one job, or of none: what is asked about many repositories at once."""
    if not records:
        return
    driver(connection).cursor().executemany(
        """
        insert into ops.requests
            (at, job_id, repository_id, principal, bucket, path, status, cost, milliseconds,
             bytes, error)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            (
                one.at,
                job_id,
                repository_id,
                one.principal,
                one.bucket,
                one.path,
                one.status,
                one.cost,
                one.milliseconds,
                one.bytes,
                one.error,
            )
            for one in records
        ],
    )


def request_totals(connection: Connection, job_id: UUID) -> tuple[int, int]:
    """(requests sent, requests charged) of a job."""
    found = (
        driver(connection)
        .execute(
            "select count(*), coalesce(sum(cost), 0) from ops.requests where job_id = %s", (job_id,)
        )
        .fetchone()
    )
    return (found[0], found[1]) if found else (0, 0)


def typical_milliseconds(connection: Connection, host: str) -> dict[str, float]:
    """Bucket -> median response time of the last thousand answers of a host."""
    return {
        bucket: float(found)
        for bucket, found in driver(connection).execute(
            """
            select bucket, percentile_cont(0.5) within group (order by milliseconds)
            from (
                select r.bucket, r.milliseconds
                from ops.requests r join ops.repositories using (repository_id)
                where host = %s and r.status between 200 and 499
                order by request_id desc limit 1000
            ) as latest
            group by bucket
            """,
            (host,),
        )
    }
