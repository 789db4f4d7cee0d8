"""What a person reads beside a run: of a real analysis, on a real server."""

import json
from typing import Any
from uuid import uuid4

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import Artifact
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from flows import artifacts
from gitinsight.settings import Settings
from tests.support.rows import AT, add_repository, claim
from warehouse import jobs, quality
from warehouse.engine import Engine, make_engine
from warehouse.jobs import Job
from warehouse.quality import Check

NAME = "synthetic-labs/borealis"


@flow
def stand_in() -> None:
    """Its runs are what artifacts lie beside."""


def newest(engine: Engine) -> Job:
    with engine.begin() as connection:
        return jobs.recent(connection)[0]


def shown(engine: Engine, job: Job, name: str = NAME) -> dict[str, Artifact]:
    """By what they are, when a run has published them."""
    with get_client(sync_client=True) as client:
        run_id = client.create_flow_run(stand_in).id
        artifacts.publish(engine, job, name, flow_run_id=run_id)
        of_run = ArtifactFilterFlowRunId(any_=[run_id])
        found = client.read_artifacts(artifact_filter=ArtifactFilter(flow_run_id=of_run))
    return {str(one.key).split("-")[0]: one for one in found}


def table(artifact: Artifact) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(str(artifact.data))
    return found


def test_an_analysis_shows_its_result_its_checks_and_what_is_held(
    prefect_url: str, analysed: Settings
) -> None:
    assert prefect_url
    engine = make_engine(analysed.warehouse_url, process="test")
    job = newest(engine)

    found = shown(engine, job)

    result = {row["what"]: row["value"] for row in table(found["result"])}
    held = {row["thing"]: row for row in table(found["completeness"])}
    assert found.keys() == {"result", "quality", "completeness"}
    assert result["state"] == "succeeded"
    assert int(result["issues"]) == int(held["issues"]["held"])
    assert held["issues"]["state"] == "complete"
    assert "checks" in str(found["quality"].data)
    assert found["result"].key == f"result-{job.repository_id}-synthetic-labs-borealis"
    engine.dispose()


def test_a_check_that_failed_is_told_and_is_no_markup(warehouse: Engine) -> None:
    job = claim(warehouse, add_repository(warehouse))
    bad = Check(
        check_name="a|b", tool="dbt", subject="marts.x", severity="block", status="failed",
        observed="<script>", expected="7",
    )  # fmt: skip
    with warehouse.begin() as connection:
        quality.record(connection, [bad], job_id=job.job_id, repository_id=1, at=AT)
        made = artifacts.make(connection, job, "octo/app", flow_run_id=uuid4())

    told = next(str(one.data) for one in made if one.type == "markdown")
    assert "1 checks, 0 passed, 1 failed." in told
    assert "Nothing was published." in told
    assert "| block | a\\|b | marts.x | – | &lt;script&gt; | 7 |" in told  # noqa: RUF001 - a dash


def test_names_that_are_alike_have_pages_of_their_own() -> None:
    keys = {artifacts.key("result", n, name) for n, name in enumerate(["a/b.c", "a/b-c", "A/B_C"])}

    assert keys == {"result-0-a-b-c", "result-1-a-b-c", "result-2-a-b-c"}


def test_a_server_that_is_away_fails_no_job(warehouse: Engine) -> None:
    job = claim(warehouse, add_repository(warehouse))
    nowhere = {PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}

    with temporary_settings(nowhere):
        artifacts.publish(warehouse, job, "octo/app", flow_run_id=uuid4())

    assert newest(warehouse).state == "running"
