"""What Prefect offers to run, and when: one row per deployment.

Prefect forgets the schedules of a deployment whenever it is applied, and it is applied whenever a
worker starts. So what somebody has changed in its UI is read first and given back, unless the
setting itself has changed since: the version of a deployment is the setting that it was made from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentScheduleUpdate
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound

from flows import analyze_repository as analysis
from flows import maintenance, texts
from gitinsight.operations_settings import NEVER, OrchestratorSettings

ANALYZE = "served"
_ON_DEMAND = "on demand"
Schedules = list[DeploymentScheduleCreate | DeploymentScheduleUpdate]
_SILENT_FOR = timedelta(seconds=65)
"""Two heartbeats of ``PREFECT_FLOWS_HEARTBEAT_FREQUENCY``, and a little."""
_ZOMBIES = "runs without a heartbeat have crashed"


@dataclass(frozen=True, slots=True)
class Offer:
    """``setting`` names the field of OrchestratorSettings that says when; no more than ``at_once``
    run at the same time, wherever they run.
    """

    flow: Flow[..., Any]
    name: str
    setting: str | None = None
    at_once: int | None = 1

    @property
    def full_name(self) -> str:
        return f"{self.flow.name}/{self.name}"

    def cron(self, settings: OrchestratorSettings) -> str | None:
        told: str = getattr(settings, self.setting) if self.setting else NEVER
        return None if told == NEVER else told


OFFERS = (
    # As many as the workers that are up have places for, and nobody asks for more.
    Offer(analysis.analyze_repository, ANALYZE, at_once=None),
    Offer(maintenance.request_analyses, "on-demand"),
    Offer(maintenance.refresh_repositories, "nightly", "refresh_cron"),
    Offer(maintenance.discover_organisations, "hourly", "discover_cron"),
    Offer(maintenance.sweep_repositories, "nightly", "sweep_cron"),
    Offer(maintenance.check_quality, "weekly", "quality_cron"),
    Offer(maintenance.forget_rows, "nightly", "retention_cron"),
    Offer(maintenance.retrain_models, "on-demand", "retrain_cron"),
    Offer(texts.read_texts, "on-demand"),
)


def deployments(
    client: SyncPrefectClient, settings: OrchestratorSettings
) -> Iterator[RunnerDeployment]:
    """As they are to be served."""
    for offer in OFFERS:
        cron = offer.cron(settings)
        version = cron or _ON_DEMAND
        held = _held(client, offer)
        made: RunnerDeployment = offer.flow.to_deployment(  # type: ignore[assignment]
            offer.name,
            version=version,
            paused=held.paused if held else None,
            concurrency_limit=offer.at_once,
            tags=["gitinsight"],
        )
        is_edited = held is not None and held.version == version
        made.schedules = _kept(held) if held is not None and is_edited else _from_setting(cron)
        yield made


def watch_for_zombies(client: SyncPrefectClient) -> None:
    """Prefect itself never ends a run whose process and worker went at once."""
    if client.read_automations_by_name(_ZOMBIES):
        return
    ended = {f"prefect.flow-run.{one}" for one in ("Completed", "Failed", "Cancelled", "Crashed")}
    beat = "prefect.flow-run.heartbeat"
    client.create_automation(
        AutomationCore(
            name=_ZOMBIES,
            description="Its process and its worker went at once; the job is taken over anyway.",
            trigger=EventTrigger(
                after={beat}, expect={beat, *ended}, for_each={"prefect.resource.id"},
                posture=Posture.Proactive, threshold=1, within=_SILENT_FOR,
            ),
            actions=[
                ChangeFlowRunState(state=StateType.CRASHED, message="no heartbeat for a minute")
            ],
        )
    )  # fmt: skip


def _held(client: SyncPrefectClient, offer: Offer) -> DeploymentResponse | None:
    try:
        return client.read_deployment_by_name(offer.full_name)
    except ObjectNotFound:
        return None


def _kept(held: DeploymentResponse) -> Schedules:
    return [
        DeploymentScheduleCreate(
            schedule=one.schedule, active=one.active, parameters=one.parameters, slug=one.slug
        )
        for one in held.schedules
    ]


def _from_setting(cron: str | None) -> Schedules:
    return (
        [DeploymentScheduleCreate(schedule=CronSchedule(cron=cron, timezone="UTC"))] if cron else []
    )
