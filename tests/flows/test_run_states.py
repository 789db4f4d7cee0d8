"""The states of jobs in the words of Prefect."""

from datetime import timedelta

import pytest
from prefect.client.schemas.objects import StateType

from flows import run_states
from tests.support.rows import AT, claim
from warehouse import jobs
from warehouse.engine import Engine


@pytest.mark.parametrize(
    ("state", "type_", "name"),
    [
        ("succeeded", StateType.COMPLETED, "Completed"),
        ("partial", StateType.COMPLETED, "Partial"),
        ("failed", StateType.FAILED, "Failed"),
        ("cancelled", StateType.CANCELLED, "Cancelled"),
    ],
)
def test_a_run_ends_as_its_job_did(
    warehouse: Engine, state: str, type_: StateType, name: str
) -> None:
    held = claim(warehouse)
    with warehouse.begin() as connection:
        job = jobs.finish(
            connection, held, state=state, at=AT, outcome={}, error_type="NotVisible",
            error_detail="it is gone",
        )  # fmt: skip

    found = run_states.deserved(job)

    assert (found.type, found.name) == (type_, name)
    assert type_ in run_states.alike(job)
    assert "it is gone" in str(found.message)


def test_a_run_of_a_parked_job_is_over(warehouse: Engine) -> None:
    held = claim(warehouse)
    with warehouse.begin() as connection:
        job = jobs.park(connection, held, not_before=AT + timedelta(hours=1), at=AT)

    found = run_states.deserved(job)

    assert (found.type, found.name) == (StateType.COMPLETED, "Parked")


def test_a_run_that_lost_its_job_says_so(warehouse: Engine) -> None:
    held = claim(warehouse)

    assert run_states.superseded(held).name == "Superseded"
    with warehouse.begin() as connection:
        ended = jobs.finish(connection, held, state="cancelled", at=AT, outcome={})
    assert run_states.superseded(ended).type is StateType.CANCELLED


def test_a_run_whose_job_went_with_its_repository_is_cancelled() -> None:
    assert run_states.superseded(None).type is StateType.CANCELLED
