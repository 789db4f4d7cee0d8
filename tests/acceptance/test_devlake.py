"""Incidents are laid to the deployments that Apache DevLake expects of its own test data.

The data are of its end-to-end tests (`backend/plugins/dora/e2e`, Apache-2.0); they are put where
extraction puts GitHub's. `docs/definitions-compared.md` says where we differ.
"""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from flows.steps.transform import build, environment, session
from gitinsight.settings import DeliverySettings, Settings
from tests.support.analyses import follow, rows
from warehouse.engine import Engine, address, driver

DATA = Path(__file__).parents[3] / "shared" / "datasets" / "devlake_dora"
CASE = DATA / "connect_incident_to_deployment"
PROJECT = "project1"


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        pytest.skip(f"no data sets in ../{DATA.parent.parent.name}/{DATA.parent.name}")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _store(
    warehouse: Engine, table: str, repository_id: int, payloads: dict[int, dict[str, Any]]
) -> None:
    with warehouse.begin() as connection, driver(connection).cursor() as cursor:
        cursor.executemany(
            f"insert into raw.{table} (repository_id, id, payload, content_hash, source,"
            " api_version, sanitized, extracted_at, run_id)"
            " values (%s, %s, %s, '', 'rest', '1', false, now(), gen_random_uuid())",
            [(repository_id, id_, json.dumps(payload)) for id_, payload in payloads.items()],
        )


def test_incidents_are_laid_to_the_deployments_that_devlake_expects(
    settings: Settings, warehouse: Engine
) -> None:
    mapping = _read(CASE / "raw_tables" / "project_mapping.csv")
    ours = {(one["table"], one["row_id"]) for one in mapping if one["project_name"] == PROJECT}
    made = _read(CASE / "prev_success_deployment_commit" / "cicd_deployment_commits_after.csv")
    incidents = [
        one
        for one in _read(CASE / "raw_tables" / "incidents.csv")
        if (one["table"], one["scope_id"]) in ours
    ]
    expected = _read(CASE / "snapshot_tables" / "project_incident_deployment_relationships.csv")
    repository_id = follow(settings, warehouse, "synthetic-labs/empty-repo")
    _store(
        warehouse, "github_deployments", repository_id,
        {
            int(one["id"]): {
                "environment": one["environment"], "commitOid": one["commit_sha"],
                "createdAt": one["started_date"], "state": one["result"],
                "statuses": {"totalCount": 1, "nodes": [
                    {"state": one["result"], "createdAt": one["finished_date"]}
                ]},
            }
            for one in made if ("cicd_scopes", one["cicd_scope_id"]) in ours
        },
    )  # fmt: skip
    numbers = {one["id"].rpartition(":")[2]: one["id"] for one in incidents}
    _store(
        warehouse, "github_issues", repository_id,
        {
            int(number): {
                "number": int(number), "state": "closed", "labels": [{"name": "incident"}],
                "created_at": f"{one['created_date']}Z", "closed_at": f"{one['updated_date']}Z",
            }
            for number, one in zip(numbers, incidents, strict=True)
        },
    )  # fmt: skip

    build(
        settings.state_dir / "dbt", environment(address(warehouse)) | session(DeliverySettings()),
        excluded=("unit_test", "test"), tell=lambda _event: None,
    )  # fmt: skip

    pipelines = {one["id"]: one["cicd_deployment_id"] for one in made}
    laid = {
        (numbers[str(number)], pipelines[key])
        for number, key in rows(
            warehouse, "select number, deployment_key from intermediate.int_incidents"
        )
    }
    assert len(expected) == 6
    assert laid == {
        (one["id"], one["deployment_id"]) for one in expected if one["project_name"] == PROJECT
    }
