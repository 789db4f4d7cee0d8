"""The Dagster catalogue does the work of an analysis, and records it in PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from flows import catalog, stack
from flows.project import DIRECTORY
from gitinsight.runtime.postgres import EmbeddedPostgres
from gitinsight.settings import Settings, as_environment
from tests.support.analyses import follow
from warehouse import jobs
from warehouse.engine import Engine

NAME = "synthetic-labs/borealis"


@pytest.fixture
def told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings as a Dagster process reads them."""
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    return settings


@pytest.fixture
def instance(
    settings: Settings, postgres_server: EmbeddedPostgres, state_dir: Path
) -> Iterator[dg.DagsterInstance]:
    home = state_dir / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text(stack.dagster_instance(settings, postgres_server))
    with dg.DagsterInstance.from_config(str(home)) as found:
        yield found


def test_every_table_that_is_shown_says_what_it_comes_from() -> None:
    graph = catalog.defs.resolve_asset_graph()

    marts = [key for key in graph.get_all_asset_keys() if key.path[0] == "marts"]
    ancestors = {
        key.to_user_string()
        for key in graph.get_ancestor_asset_keys(dg.AssetKey(["marts", "contributor"]))
    }

    written = {path.stem for path in (DIRECTORY / "models" / "marts").glob("*.sql")}
    assert {key.path[1] for key in marts} == written
    assert "raw/github_issues" in ancestors


def test_a_materialisation_is_an_analysis_with_its_checks(
    told: Settings, warehouse: Engine, instance: dg.DagsterInstance
) -> None:
    follow(told, warehouse, NAME)
    instance.add_dynamic_partitions("repositories", [NAME])

    result = dg.materialize([catalog.analyze_repository], instance=instance, partition_key=NAME)

    assert result.success
    with warehouse.begin() as connection:
        job = jobs.recent(connection)[0]
    summary = instance.get_latest_materialization_event(dg.AssetKey(["marts", "contributor"]))
    assert summary is not None
    materialization = summary.asset_materialization
    assert materialization is not None
    assert materialization.metadata["job_id"].value == str(job.job_id)
    checks = result.get_asset_check_evaluations()
    assert {check.asset_key.path[0] for check in checks} == {"raw", "marts"}
    assert all(check.passed for check in checks)
