"""A repository that is removed over HTTP."""

import httpx2
import pytest

from tests.support.marts import publish_figures
from tests.support.rows import AT, add_repository, claim, value
from tests.support.waiting import wait_for
from warehouse import jobs
from warehouse.engine import Engine

REPOSITORIES = "/api/v1/repositories"
AURORA = "synthetic-labs/aurora"


def found_by_search(api: httpx2.Client) -> set[int]:
    found = api.get("/api/v1/fast/search", params={"q": "octo"}).raise_for_status().json()["data"]
    return {one["repository_id"] for one in found}


def test_it_is_gone_from_every_answer_within_a_second(
    api: httpx2.Client, warehouse: Engine
) -> None:
    for number in (1, 2):
        job = claim(warehouse, add_repository(warehouse, f"octo/app-{number}", github_id=number))
        publish_figures(warehouse, job)
        with warehouse.begin() as connection:
            jobs.finish(connection, job, state="succeeded", at=AT, outcome={})
    wait_for(lambda: found_by_search(api) == {1, 2})
    about = [
        f"{REPOSITORIES}/1", f"{REPOSITORIES}/1/summary", f"{REPOSITORIES}/1/completeness",
        f"{REPOSITORIES}/1/metrics/commits_count", f"{REPOSITORIES}/1/insights",
        "/api/v1/fast/repositories/1/summary", f"{REPOSITORIES}/by-name/octo/app-1",
        f"/api/v1/jobs/{value(warehouse, 'select job_id from ops.jobs where repository_id=1')}",
        "/api/v1/marts/contributor/rows?repository_id=1",
    ]  # fmt: skip
    for _ in range(3):  # until it is kept whatever keeps it
        assert {api.get(one).status_code for one in about} == {200}
    assert api.get("/badge/octo/app-1.svg").headers["content-type"].startswith("image/svg")

    answer = api.delete(f"{REPOSITORIES}/1")

    assert answer.status_code == 202
    told = answer.json()
    assert told.pop("requested_at") is not None
    assert told == {"repository_id": 1, "full_name": "octo/app-1", "state": "erasing"}
    wait_for(lambda: {api.get(one).status_code for one in about} == {404}, seconds=1)
    wait_for(lambda: found_by_search(api) == {2}, seconds=1)
    shown = api.get("/api/v1/marts/contributor/rows").json()["data"]
    assert {one["repository_id"] for one in shown} == {2}
    assert [one["repository_id"] for one in api.get(REPOSITORIES).json()["data"]] == [2]
    assert {one["repository_id"] for one in api.get("/api/v1/jobs").json()["data"]} == {2}


def test_a_second_time_it_is_not_there_and_the_audit_has_both(
    api: httpx2.Client, warehouse: Engine
) -> None:
    repository_id = add_repository(warehouse)

    asked = [api.delete(f"{REPOSITORIES}/{repository_id}") for _ in range(2)]

    assert [one.status_code for one in asked] == [202, 404]
    entries = api.get("/api/v1/audit").json()["data"]
    assert [(one["method"], one["target"], one["status"]) for one in entries] == [
        ("DELETE", f"{REPOSITORIES}/{repository_id}", status) for status in (404, 202)
    ]
    assert value(warehouse, "select requested_by from ops.removals") == "admin"


def test_a_job_that_runs_is_asked_to_stop(api: httpx2.Client, warehouse: Engine) -> None:
    running = claim(warehouse, add_repository(warehouse))

    api.delete(f"{REPOSITORIES}/{running.repository_id}")

    job = api.get(f"/api/v1/jobs/{running.job_id}").json()
    assert (job["state"], job["cancel_requested_at"] is None) == ("running", False)


@pytest.mark.usefixtures("github")
def test_added_again_it_is_another_one(api: httpx2.Client, warehouse: Engine) -> None:
    first = api.post(REPOSITORIES, json={"full_name": AURORA}).json()["repository_id"]
    api.delete(f"{REPOSITORIES}/{first}")

    answer = api.post(REPOSITORIES, json={"full_name": AURORA})

    assert (answer.status_code, answer.json()["repository_id"] > first) == (201, True)
    assert value(warehouse, "select lifted_at is not null from ops.removals")
