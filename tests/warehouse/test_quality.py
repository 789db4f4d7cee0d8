"""Results of checks, and what they add up to."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text

from warehouse.engine import Engine
from warehouse.quality import Check, record, verdict

AT = datetime(2026, 6, 1, tzinfo=UTC)
PASSED = Check("volume:x", "great_expectations", "raw.x", "block", "passed", 0, "3", "2")
BROKEN = replace(PASSED, status="failed", failures=1, observed="1")
WARNED = replace(BROKEN, check_name="age", severity="warn")


def test_only_a_failed_blocking_check_fails_the_job() -> None:
    assert verdict([]) == "passed"
    assert verdict([PASSED, replace(PASSED, status="skipped")]) == "passed"
    assert verdict([PASSED, WARNED]) == "warned"
    assert verdict([WARNED, BROKEN]) == "failed"


def test_a_check_that_runs_again_replaces_its_result(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        record(connection, [PASSED, WARNED], job_id=UUID(int=1), repository_id=7, at=AT)
        record(connection, [BROKEN], job_id=UUID(int=1), repository_id=7, at=AT)
        rows = connection.execute(
            text("select check_name, status, observed from ops.quality_results order by 1")
        ).all()
    assert [tuple(row) for row in rows] == [("age", "failed", "1"), ("volume:x", "failed", "1")]
