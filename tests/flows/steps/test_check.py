"""The gate's verdict: what blocks raises, what warns is told, and everything is kept."""

import pytest

from flows.steps.check import check
from gitinsight.errors import QualityGateFailed
from gitinsight.settings import QualitySettings, Settings
from tests.support.analyses import attempting, rows
from warehouse.engine import Engine
from warehouse.quality import Check

NAME = "synthetic-labs/empty-repo"
GOOD = Check("test.good", "dbt", "contributor", "block", "passed")
BAD = Check("test.bad", "dbt", "contributor", "block", "failed", failures=2)
ODD = Check("test.odd", "dbt", "contributor", "warn", "failed", failures=1)


@pytest.mark.parametrize(
    ("found", "verdict"), [([GOOD], "passed"), ([GOOD, ODD], "warned")], ids=["good", "odd"]
)
def test_what_does_not_block_lets_the_job_go_on(
    settings: Settings, warehouse: Engine, found: list[Check], verdict: str
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        given = check(run, found, settings=QualitySettings(), previous={})

    assert given == verdict


def test_what_blocks_is_named_and_kept(settings: Settings, warehouse: Engine) -> None:
    with (
        attempting(settings, warehouse, NAME) as run,
        pytest.raises(QualityGateFailed) as raised,
    ):
        check(run, [GOOD, BAD, ODD], settings=QualitySettings(), previous={})

    assert raised.value.failed_checks == ("test.bad",)
    kept = rows(
        warehouse,
        "select check_name, status from ops.quality_results where tool = 'dbt' order by 1",
    )
    assert kept == [("test.bad", "failed"), ("test.good", "passed"), ("test.odd", "failed")]


def test_rows_that_vanished_since_the_last_publication_block(
    settings: Settings, warehouse: Engine
) -> None:
    with (
        attempting(settings, warehouse, NAME) as run,
        pytest.raises(QualityGateFailed) as raised,
    ):
        check(run, [GOOD], settings=QualitySettings(), previous={"github_issues": 100})

    assert raised.value.failed_checks == ("volume:github_issues",)


def test_what_is_missing_warns_and_does_not_stop_the_rest(
    settings: Settings, warehouse: Engine
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "insert into ops.completeness values"
                f" ({run.repository.repository_id}, 'issues', 9, 8, 'partial', 'one', now(),"
                " gen_random_uuid())"
            )

        verdict = check(run, [GOOD], settings=QualitySettings(), previous={})

    assert verdict == "warned"
    assert rows(
        warehouse,
        "select observed, expected, status from ops.quality_results"
        " where check_name = 'completeness:issues'",
    ) == [("8", "9", "failed")]
