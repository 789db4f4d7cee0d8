"""What the refresh flow does: discover, probe, queue."""

import pytest

from flows.fleet import refresh
from gitinsight import clock, targets
from gitinsight.settings import Settings
from tests.support.analyses import count, enqueue, follow
from warehouse import organisations
from warehouse.engine import Engine


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
