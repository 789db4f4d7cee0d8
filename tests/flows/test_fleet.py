"""What the refresh flow does: discover, probe, queue."""

import pytest

from flows.alone import work_off
from flows.fleet import check, refresh, sweep
from gitinsight import clock, targets
from gitinsight.settings import Settings
from tests.support.analyses import count, enqueue, follow, rows
from tests.support.github import GitHub
from warehouse import organisations
from warehouse.engine import Engine, driver, make_engine


def test_what_can_be_read_and_has_no_job_gets_one(settings: Settings, warehouse: Engine) -> None:
    enqueue(settings, warehouse, "synthetic-labs/aurora")
    follow(settings, warehouse, "synthetic-labs/borealis")
    follow(settings, warehouse, "synthetic-labs/empty-repo")
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.repositories set state = 'blocked', checked_at = now()"
            " where full_name = 'synthetic-labs/borealis'"
        )

    assert refresh(settings, warehouse) == 1

    assert count(warehouse, "ops.jobs where state = 'queued'") == 2


@pytest.mark.parametrize("state", ["unreadable", "blocked", "disabled"])
def test_what_github_did_not_show_is_looked_at_again_after_a_day(
    settings: Settings, warehouse: Engine, state: str
) -> None:
    follow(settings, warehouse, "synthetic-labs/borealis")
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.repositories set state = %s, checked_at = now() - interval '23 hours'",
            (state,),
        )

    assert refresh(settings, warehouse) == 0

    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.repositories set checked_at = now() - interval '25 hours'"
        )

    assert refresh(settings, warehouse) == 1


def test_what_is_new_to_an_organisation_is_found(settings: Settings, warehouse: Engine) -> None:
    account = targets.parse_login("synthetic-labs", settings)
    found = targets.ask_account(account, settings)
    with warehouse.begin() as connection:
        organisations.add(
            connection, host=account.host, github_id=found.id, login=found.login,
            kind=found.type, at=clock.now(),
        )  # fmt: skip
    follow(settings, warehouse, "synthetic-labs/borealis")

    assert refresh(settings, warehouse) == 3


@pytest.mark.parametrize(
    ("days", "state", "queued"), [(2, "active", 1), (0.5, "active", 0), (2, "blocked", 0)]
)
def test_what_github_may_have_deleted_is_looked_for_once_a_day(
    settings: Settings, warehouse: Engine, days: float, state: str, queued: int
) -> None:
    repository_id = follow(settings, warehouse, "synthetic-labs/borealis")
    with warehouse.begin() as connection:
        driver(connection).execute(
            "insert into ops.cursors (repository_id, thing, shard, state, fence, updated_at)"
            " values (%s, 'sweep', 0, jsonb_build_object('swept_at',"
            " now() - %s * interval '1 day'), 1, now())",
            (repository_id, days),
        )
        driver(connection).execute("update ops.repositories set state = %s", (state,))

    assert sweep(warehouse) == queued

    assert rows(warehouse, "select kind, reason from ops.jobs") == queued * [("analysis", "sweep")]


def test_what_is_held_is_checked_without_asking_github(analysed: Settings, github: GitHub) -> None:
    engine = make_engine(analysed.warehouse_url, process="test")
    before = rows(engine, "select count(*), max(at) from ops.quality_results")[0]
    follow(analysed, engine, "synthetic-labs/empty-repo")

    assert check(analysed, engine) == 1, "the other one has no figures"

    github.start_counting()
    queued = rows(engine, "select job_id from ops.jobs where state = 'queued'")
    work_off(analysed, engine, [job_id for (job_id,) in queued])
    newest = rows(
        engine, "select kind, reason, state from ops.jobs order by requested_at desc limit 1"
    )
    after = rows(engine, "select count(*), max(at) from ops.quality_results")[0]
    engine.dispose()
    assert newest == [("check", "quality", "succeeded")]
    assert github.counted()["requests"] == 0
    assert after > before
