"""Builds the models of one repository, and reads what their tests found."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from flows import project
from flows.steps.run import Run
from gitinsight.settings import DeliverySettings
from warehouse.engine import Address, Engine, address
from warehouse.project import Node, Outcome, Tell, build
from warehouse.quality import Check
from warehouse.schemas import NOW, Schemas


def transform(run: Run) -> list[Check]:
    """Build staging, intermediate and candidate marts of this repository with their tests."""

    def tell(node: Node, done: int, total: int) -> None:
        run.announce("transform", resource=node.name, done=done, total=total)

    found = figures(
        run.warehouse, run.state_dir, job_settings(run),
        repository_ids=[run.repository.repository_id], schemas=run.schemas, tell=tell,
    )  # fmt: skip
    return [_check(one) for one in found]


def figures(
    warehouse: Engine, state_dir: Path, settings: Mapping[str, str], *,
    repository_ids: Sequence[int] | None = None, schemas: Schemas = NOW, with_tests: bool = True,
    tell: Tell = lambda *_: None,
) -> list[Outcome]:  # fmt: skip
    """Build every model of these repositories, or of all; see ``warehouse.project.build``."""
    threads = int(os.environ.get("GITINSIGHT_DBT_THREADS", "2"))
    return build(
        address(warehouse), project.compiled(state_dir / "dbt"), settings=settings,
        repository_ids=repository_ids, schemas=schemas, with_tests=with_tests, threads=threads,
        tell=tell,
    )  # fmt: skip


def environment(where: Address) -> dict[str, str]:
    """What the dbt profile reads; the password is in no file and no command line."""
    return {
        **os.environ,
        "GITINSIGHT_DBT_HOST": where.host,
        "GITINSIGHT_DBT_PORT": str(where.port),
        "GITINSIGHT_DBT_USER": where.user,
        "GITINSIGHT_DBT_PASSWORD": where.password,
        "GITINSIGHT_DBT_DATABASE": where.database,
        "DO_NOT_TRACK": "1",
    }


def job_settings(run: Run) -> dict[str, str]:
    """What the models of a job read."""
    return {
        "as_of": run.as_of.isoformat(),
        **delivery_settings(run.delivery),
    }


def delivery_settings(delivery: DeliverySettings) -> dict[str, str]:
    return {
        "production_environments": ",".join(delivery.production_environments),
        "incident_labels": ",".join(delivery.incident_labels),
    }


def _check(outcome: Outcome) -> Check:
    """A model that fails blocks like a test that fails."""
    node = outcome.node
    is_good = outcome.status in {"pass", "success"}
    return Check(
        check_name=f"{node.kind}.{node.name}",
        tool="dbt",
        subject=node.subject,
        severity="warn" if node.severity == "warn" else "block",
        status="passed" if is_good else "skipped" if outcome.status == "skipped" else "failed",
        failures=outcome.failures,
        observed=None if is_good else str(outcome.message or "")[:500],
    )
