"""The flow of one job. That it does it, shows it and ends as its row says is seen in the stack."""

import asyncio
from typing import Any

import pytest
from prefect.client.schemas.objects import State, StateType

from flows.analyze_repository import NAME, analyze_repository, what_came
from flows.steps.run import StepResult
from gitinsight import clock
from gitinsight.settings import Settings, as_environment
from tests.support.analyses import enqueue
from warehouse import jobs
from warehouse.engine import Engine
from warehouse.jobs import Job

EMPTY = "synthetic-labs/empty-repo"


@pytest.fixture
def told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    return settings


def run(job: Job) -> State[Any]:
    return asyncio.run(analyze_repository.fn(str(job.job_id), EMPTY))


def by_id(warehouse: Engine, job: Job) -> Job:
    with warehouse.begin() as connection:
        return jobs.by_id(connection, job.job_id)


def test_the_flow_is_called_what_the_worker_asks_for() -> None:
    assert analyze_repository.name == NAME


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (StepResult("issues", touched=3), "3 new or changed"),
        (StepResult("forks", unavailable="not_offered"), "cannot be read (not_offered)"),
        (
            [StepResult("labels", touched=2), StepResult("forks", unavailable="private")],
            "labels 2 new or changed, forks cannot be read (private)",
        ),
        (["what another step found"], "done"),
        ("passed", "done"),
    ],
)
def test_what_came_of_a_step_is_told_in_words(result: object, said: str) -> None:
    assert what_came(result) == said


def test_a_job_that_is_cancelled_cancels_its_run(told: Settings, warehouse: Engine) -> None:
    queued = enqueue(told, warehouse, EMPTY)
    with warehouse.begin() as connection:
        jobs.request_cancel(connection, queued.job_id, at=clock.now())

    state = run(queued)

    assert state.type is StateType.CANCELLED


def test_a_job_that_somebody_else_has_is_left_to_them(told: Settings, warehouse: Engine) -> None:
    queued = enqueue(told, warehouse, EMPTY)
    with warehouse.begin() as connection:
        jobs.claim(connection, queued.job_id, worker="other", at=clock.now())

    state = run(queued)

    assert state.name == "Superseded"
    assert by_id(warehouse, queued).worker == "other"
