"""Results of checks, and what they add up to."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rows import AT, fetch
from warehouse.engine import Engine
from warehouse.quality import Check, blocking, record, verdict

JOB, OTHER = UUID(int=1), UUID(int=2)
PASSED = Check("volume:x", "great_expectations", "raw.x", "block", "passed", 0, "3", "2")
BROKEN = replace(PASSED, status="failed", failures=1, observed="1")
WARNED = replace(BROKEN, check_name="age", severity="warn")
SKIPPED = replace(PASSED, status="skipped")
CHECKS = st.lists(
    st.builds(
        Check, st.text(max_size=3), st.just("dbt"), st.just("raw.x"),
        st.sampled_from(["block", "warn"]), st.sampled_from(["passed", "failed", "skipped"]),
    ),
    max_size=6,
)  # fmt: skip


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([], "passed"),
        ([PASSED, SKIPPED], "passed"),
        ([PASSED, WARNED], "warned"),
        ([WARNED, BROKEN], "failed"),
        ([BROKEN, WARNED], "failed"),
    ],
)
def test_only_a_failed_blocking_check_fails_the_job(checks: list[Check], expected: str) -> None:
    assert verdict(checks) == expected


def test_what_blocks_is_named() -> None:
    assert blocking([PASSED, WARNED, BROKEN, SKIPPED]) == ("volume:x",)


@given(CHECKS)
def test_a_job_fails_where_and_only_where_something_blocks(checks: list[Check]) -> None:
    assert (verdict(checks) == "failed") == bool(blocking(checks))


def test_everything_that_a_check_says_is_kept(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        record(connection, [PASSED], job_id=JOB, repository_id=7, at=AT)

        assert fetch(
            connection,
            "select job_id, check_name, repository_id, tool, subject, severity, status, failures,"
            " observed, expected, at from ops.quality_results",
        ) == [
            (JOB, "volume:x", 7, "great_expectations", "raw.x", "block", "passed", 0, "3", "2", AT)
        ]


def test_a_check_that_runs_again_replaces_its_result(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        record(connection, [PASSED, WARNED], job_id=JOB, repository_id=7, at=AT)
        record(connection, [PASSED], job_id=OTHER, repository_id=7, at=AT)
        record(connection, [BROKEN], job_id=JOB, repository_id=7, at=AT)

        assert fetch(
            connection,
            "select job_id, check_name, status from ops.quality_results order by 1, 2",
        ) == [(JOB, "age", "failed"), (JOB, "volume:x", "failed"), (OTHER, "volume:x", "passed")]
