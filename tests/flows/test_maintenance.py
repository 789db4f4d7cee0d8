"""The flows that run by the clock; that a worker runs them is seen in the tests of the stack."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType

from flows import deployments, maintenance, retention, stack
from flows.retries import PAUSE
from gitinsight import clock
from gitinsight.errors import UpstreamUnavailable
from gitinsight.operations_settings import OrchestratorSettings
from gitinsight.settings import Settings, WarehouseSettings, as_environment
from tests.support.analyses import count, follow, rows
from tests.support.checkout import ROOT
from warehouse.engine import Engine

NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing"


@pytest.fixture
def told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What a process of a run is told, in the environment of this one."""
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    return settings


def test_a_refresh_queues_what_has_changed(told: Settings, warehouse: Engine) -> None:
    follow(told, warehouse, "synthetic-labs/aurora")

    state = asyncio.run(maintenance.refresh_repositories.fn())

    assert (state.type, state.message) == (StateType.COMPLETED, "1 queued")
    assert count(warehouse, "ops.jobs where state = 'queued'") == 1


def test_an_analysis_is_asked_for_by_name(told: Settings, warehouse: Engine) -> None:
    names = ["synthetic-labs/aurora", "synthetic-labs/borealis"]

    state = asyncio.run(maintenance.request_analyses.fn(names, full=True))

    assert state.message == "2 queued"
    assert told.tokens
    assert rows(warehouse, "select is_full, reason from ops.jobs") == 2 * [(True, "asked")]


def test_a_name_that_is_none_is_told_and_queues_nothing(told: Settings, warehouse: Engine) -> None:
    state = asyncio.run(maintenance.request_analyses.fn(["synthetic-labs/aurora", "no name"]))

    assert state.type is StateType.FAILED
    assert told.tokens
    assert count(warehouse, "ops.jobs") == 0


def test_organisations_are_asked(told: Settings) -> None:
    state = asyncio.run(maintenance.discover_organisations.fn())

    assert state.message == "0 queued"
    assert os.environ["GITINSIGHT_GITHUB__API_URL"] == told.github.api_url


def test_a_sweep_and_a_check_queue_nothing_where_nothing_is_held(told: Settings) -> None:
    swept = asyncio.run(maintenance.sweep_repositories.fn())
    checked = asyncio.run(maintenance.check_quality.fn())

    assert told.warehouse.url is not None
    assert (swept.message, checked.message) == ("0 queued", "0 queued")


def test_rows_that_are_not_kept_go(told: Settings, warehouse: Engine) -> None:
    state = asyncio.run(maintenance.forget_rows.fn())

    assert told.retention.requests_days == 90
    assert state.message == "0 rows deleted"
    assert not retention.is_due(warehouse, clock.now())


def test_nothing_is_trained_where_no_data_is_named(told: Settings) -> None:
    state = asyncio.run(maintenance.retrain_models.fn())

    assert told.training.data_dir is None
    assert state.type is StateType.FAILED
    assert "no labelled data to train with" in str(state.message)


def test_a_run_that_meets_a_passing_trouble_waits_for_its_next_attempt(
    told: Settings, warehouse: Engine
) -> None:
    """Prefect starts it again at that time, without a process meanwhile."""

    def task(settings: Settings, _: Engine) -> str:
        raise UpstreamUnavailable(settings.github.api_url, "HTTP 502")

    state = maintenance.work(task)

    assert state.type is StateType.SCHEDULED
    assert state.name == "AwaitingRetry"
    due = state.state_details.scheduled_time
    assert due is not None
    assert abs(due - clock.now() - PAUSE) < timedelta(seconds=10)
    assert rows(warehouse, "select 1 from ops.jobs") == []


def test_a_run_waits_for_a_warehouse_that_is_away_and_is_started_again(
    prefect_url: str, settings: Settings
) -> None:
    """As the worker runs it: in a process of its own, by the number of the run."""
    away = settings.model_copy(
        update={"warehouse": WarehouseSettings.model_validate({"url": NOWHERE})}
    )
    told = away.model_copy(update={"orchestrator": OrchestratorSettings(api_url=prefect_url)})
    with get_client(sync_client=True) as client:
        for one in deployments.deployments(client, OrchestratorSettings()):
            one.apply()
        deployment = client.read_deployment_by_name("forget-rows/nightly")
        run = client.create_flow_run_from_deployment(deployment.id)

        subprocess.run(
            [sys.executable, "-m", "prefect.engine"], check=True, cwd=ROOT, timeout=120,
            env=stack.environment_of(told) | {"PREFECT__FLOW_RUN_ID": str(run.id)},
        )  # fmt: skip

        held = client.read_flow_run(run.id)
        waiting = client.get_scheduled_flow_runs_for_deployments(
            [deployment.id], scheduled_before=clock.now() + timedelta(minutes=1)
        )
    assert (held.state_name, held.run_count) == ("AwaitingRetry", 1)
    assert "the warehouse does not answer" in str(held.state and held.state.message)
    assert run.id in {one.id for one in waiting}
