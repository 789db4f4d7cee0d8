"""What the checks of a job found, kept one row per check."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from warehouse.engine import Connection, driver


@dataclass(frozen=True, slots=True)
class Check:
    """``tool``: dbt, great_expectations, reconciliation or completeness; ``subject``: the table
    looked at.
    """

    check_name: str
    tool: str
    subject: str
    severity: Literal["block", "warn"]
    status: Literal["passed", "failed", "skipped"]
    failures: int | None = None
    observed: str | None = None
    expected: str | None = None


def record(
    connection: Connection, checks: Iterable[Check], *, job_id: UUID, repository_id: int,
    at: datetime,
) -> None:  # fmt: skip
    """Keep the newest result of each check of the job."""
    driver(connection).cursor().executemany(
        """
        insert into ops.quality_results
            (job_id, check_name, repository_id, tool, subject, severity, status, failures,
             observed, expected, at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (job_id, check_name) do update set
            repository_id = excluded.repository_id, tool = excluded.tool,
            subject = excluded.subject, severity = excluded.severity, status = excluded.status,
            failures = excluded.failures, observed = excluded.observed,
            expected = excluded.expected, at = excluded.at
        """,
        [
            (
                job_id, check.check_name, repository_id, check.tool, check.subject,
                check.severity, check.status, check.failures, check.observed, check.expected, at,
            )
            for check in checks
        ],
    )  # fmt: skip


def verdict(checks: Iterable[Check]) -> Literal["passed", "warned", "failed"]:
    """Failed where a blocking check failed, warned where another one did."""
    severities = {check.severity for check in checks if check.status == "failed"}
    if "block" in severities:
        return "failed"
    return "warned" if severities else "passed"


def blocking(checks: Iterable[Check]) -> tuple[str, ...]:
    """Names of the checks because of which nothing is published."""
    return tuple(
        check.check_name
        for check in checks
        if check.severity == "block" and check.status == "failed"
    )
