"""What Prefect offers, by a real server: what is changed there survives what a worker does."""

from collections.abc import Iterator

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule

from flows import deployments
from gitinsight.operations_settings import OrchestratorSettings
from tests.support.stack import until

SETTINGS = OrchestratorSettings()
REFRESH = "refresh-repositories/nightly"


@pytest.fixture
def client(prefect_url: str) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        assert str(client.api_url).rstrip("/") == prefect_url
        yield client


def start(client: SyncPrefectClient, settings: OrchestratorSettings = SETTINGS) -> None:
    """What a worker does before it serves."""
    for one in deployments.deployments(client, settings):
        one.apply()


def read(client: SyncPrefectClient, name: str = REFRESH) -> DeploymentResponse:
    return client.read_deployment_by_name(name)


def schedule(client: SyncPrefectClient, name: str = REFRESH) -> DeploymentSchedule:
    (found,) = read(client, name).schedules
    return found


def test_everything_that_runs_by_the_clock_has_the_schedule_of_its_setting(
    client: SyncPrefectClient,
) -> None:
    start(client, OrchestratorSettings(refresh_cron="7 7 * * *", sweep_cron="never"))

    found = {
        offer.full_name: [one.schedule for one in read(client, offer.full_name).schedules]
        for offer in deployments.OFFERS
    }
    assert {name: [getattr(one, "cron", None) for one in all_] for name, all_ in found.items()} == {
        "analyze-repository/served": [],
        "request-analyses/on-demand": [],
        "refresh-repositories/nightly": ["7 7 * * *"],
        "discover-organisations/hourly": [SETTINGS.discover_cron],
        "sweep-repositories/nightly": [],
        "check-quality/weekly": [SETTINGS.quality_cron],
        "forget-rows/nightly": [SETTINGS.retention_cron],
        "retrain-models/on-demand": [],
        "read-texts/on-demand": [],
    }
    assert {one.timezone for all_ in found.values() for one in all_} == {"UTC"}


def test_what_concerns_all_runs_once_and_analyses_as_often_as_workers_have_places(
    client: SyncPrefectClient,
) -> None:
    start(client)

    limits = {
        one.full_name: read(client, one.full_name).global_concurrency_limit
        for one in deployments.OFFERS
    }
    assert {name: one.limit if one else None for name, one in limits.items()} == {
        name: None if name == "analyze-repository/served" else 1 for name in limits
    }


def test_a_schedule_that_was_changed_in_the_ui_survives_a_restart(
    client: SyncPrefectClient,
) -> None:
    start(client)
    held = read(client)
    edited = CronSchedule(cron="30 4 * * 1", timezone="Europe/Berlin")
    client.update_deployment_schedule(held.id, held.schedules[0].id, schedule=edited, active=False)

    start(client)

    kept = schedule(client)
    assert kept.schedule == edited
    assert not kept.active


def test_a_schedule_that_was_deleted_and_a_pause_survive_a_restart(
    client: SyncPrefectClient,
) -> None:
    start(client, OrchestratorSettings(discover_cron="1 1 * * *"))
    held = read(client, "discover-organisations/hourly")
    client.delete_deployment_schedule(held.id, held.schedules[0].id)
    client.pause_deployment(held.id)

    start(client, OrchestratorSettings(discover_cron="1 1 * * *"))

    kept = read(client, "discover-organisations/hourly")
    assert kept.schedules == []
    assert kept.paused


def test_a_setting_that_has_changed_is_what_counts(client: SyncPrefectClient) -> None:
    start(client)
    held = read(client)
    client.update_deployment_schedule(
        held.id, held.schedules[0].id, schedule=CronSchedule(cron="30 4 * * 1")
    )

    start(client, OrchestratorSettings(refresh_cron="0 6 * * *"))

    assert getattr(schedule(client).schedule, "cron", None) == "0 6 * * *"


def test_schedules_are_made_into_runs(client: SyncPrefectClient) -> None:
    """With versions that do not fit, Prefect's server runs and schedules nothing."""
    start(client)
    held = read(client)
    every = IntervalSchedule(interval=3600)  # type: ignore[arg-type]
    client.update_deployment_schedule(held.id, held.schedules[0].id, schedule=every, active=True)

    def planned() -> bool | None:
        found = client.get_scheduled_flow_runs_for_deployments([held.id])
        return any(run.auto_scheduled for run in found) or None

    assert until(planned, 60, "nothing was planned")


def test_runs_without_a_heartbeat_are_watched_for_once(client: SyncPrefectClient) -> None:
    deployments.watch_for_zombies(client)
    deployments.watch_for_zombies(client)

    found = [one for one in client.read_automations() if "heartbeat" in one.name]
    assert len(found) == 1
    assert found[0].enabled
