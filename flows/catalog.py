"""The Dagster catalogue: raw things, dbt models, insights and checks, and what they come from.

One asset graph per repository, made by the same stages that Prefect runs; both write the same rows
of ``ops``. `gitinsight catalog` shows it in Dagster's UI.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

from flows import project, stack
from flows.alone import work_off
from gitinsight import clock
from gitinsight.settings import Settings
from gitinsight.things.catalogue import THINGS
from gitinsight.things.thing import Reading
from warehouse import activities, jobs, ledger, repositories, tones
from warehouse.engine import Connection, Engine, make_engine
from warehouse.jobs import Job

PARTITIONS = dg.DynamicPartitionsDefinition(name="repositories")
_INSIGHTS: Mapping[str, tuple[str, ...]] = {
    "anomalies": ("daily_activity", "int_contributions", "int_actors", "int_releases"),
    "bus_factor": ("int_commit_shares",),
    "forecast_accuracy": ("weekly_activity", "stars_growth", "pull_request_weekly"),
    "forecasts": ("weekly_activity", "stars_growth", "pull_request_weekly"),
    "review_centrality": ("int_reviews", "int_actors"),
    "review_latency": ("int_items", "int_first_responses"),
    "truck_factor": ("int_commits", "int_actors"),
}
"""Each insight and the models that it reads."""
_SHOWN = frozenset({"model", "seed"})


class _Translator(DagsterDbtTranslator):
    """An asset is called what its table is called; checked rows of `candidate` become `marts`."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        schema = dbt_resource_props["schema"].replace("candidate", "marts")
        return dg.AssetKey([schema, dbt_resource_props.get("alias") or dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return self.get_asset_key(dbt_resource_props).path[0]


def _raw_specs() -> Iterator[dg.AssetSpec]:
    for thing in THINGS:
        origin = "git" if thing.reading is Reading.GIT else "github"
        yield dg.AssetSpec(
            ["raw", thing.table], group_name="raw", kinds={origin, "postgres"},
            description=f"{thing.name.replace('_', ' ')} as {origin} gave them",
        )  # fmt: skip


def _dbt_specs(manifest: Mapping[str, Any]) -> Iterator[dg.AssetSpec]:
    translator = _Translator()
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] in _SHOWN:
            yield translator.get_asset_spec(manifest, unique_id, project=None)


def _insight_specs() -> Iterator[dg.AssetSpec]:
    for insight, models in _INSIGHTS.items():
        yield dg.AssetSpec(
            ["insights", insight], group_name="insights", kinds={"python", "postgres"},
            deps=[
                dg.AssetKey(["intermediate" if model.startswith("int_") else "marts", model])
                for model in models
            ],
        )  # fmt: skip


def _judged_specs() -> Iterator[dg.AssetSpec]:
    yield dg.AssetSpec(
        ["insights", "text_tone"], group_name="insights", kinds={"python", "postgres"},
        deps=[dg.AssetKey(["raw", table]) for table in tones.SOURCES],
    )  # fmt: skip
    yield dg.AssetSpec(
        ["insights", "issue_vectors"], group_name="insights", kinds={"python", "postgres"},
        deps=[dg.AssetKey(["raw", "github_issues"])],
    )  # fmt: skip
    yield dg.AssetSpec(
        ["ops", "actor_scores"], group_name="ops", kinds={"python", "postgres"},
        deps=[dg.AssetKey(["raw", table]) for table in activities.SOURCES],
    )  # fmt: skip


def _code_specs() -> Iterator[dg.AssetSpec]:
    for table in ("code_blobs", "code_files", "code_snapshots"):
        yield dg.AssetSpec(
            ["insights", table], group_name="insights", kinds={"git", "python", "postgres"},
            deps=[dg.AssetKey(["raw", one]) for one in ("git_branches", "git_tags")],
        )  # fmt: skip


def _check_specs(specs: list[dg.AssetSpec]) -> Iterator[dg.AssetCheckSpec]:
    """One verdict per published table; its evidence names every check behind it."""
    for spec in specs:
        if spec.key.path[0] in {"raw", "marts"}:
            yield dg.AssetCheckSpec("gate", asset=spec.key, blocking=spec.key.path[0] == "marts")


def _ordered(specs: Iterable[dg.AssetSpec]) -> list[dg.AssetSpec]:
    """What comes from another thing stands after it."""
    by_key = {spec.key: spec for spec in specs}
    sources = {key: [one.asset_key for one in spec.deps] for key, spec in by_key.items()}
    return [by_key[key] for key in TopologicalSorter(sources).static_order() if key in by_key]


_SPECS = _ordered(
    [
        *_raw_specs(),
        *_judged_specs(),
        *_code_specs(),
        *_dbt_specs(project.manifest()),
        *_insight_specs(),
    ]
)


@dg.multi_asset(
    name="analyze_repository", specs=_SPECS, check_specs=list(_check_specs(_SPECS)),
    partitions_def=PARTITIONS,
)  # fmt: skip
def analyze_repository(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """All stages for the repository that the partition names."""
    with stack.warehouse(Settings()) as (settings, _):
        engine = make_engine(settings.warehouse_url, process="dagster", pool_size=3)
        try:
            job = _analyse(settings, engine, context.partition_key)
            with engine.begin() as connection:
                yield from _results(connection, job)
        finally:
            engine.dispose()
    _raise_for(job)


@dg.sensor(job_name="analyze_repositories", minimum_interval_seconds=60)
def followed_repositories() -> dg.SensorResult:
    """Every repository that is followed is a partition."""
    with stack.warehouse(Settings()) as (settings, _):
        engine = make_engine(settings.warehouse_url, process="dagster", pool_size=1)
        try:
            with engine.begin() as connection:
                names = [one.full_name for one in repositories.search(connection, limit=100_000)]
        finally:
            engine.dispose()
    return dg.SensorResult(dynamic_partitions_requests=[PARTITIONS.build_add_request(names)])


def _analyse(settings: Settings, engine: Engine, full_name: str) -> Job:
    with engine.begin() as connection:
        repository = repositories.by_name(connection, full_name)
        job, _ = jobs.enqueue(
            connection, repository.repository_id, at=clock.now(), reason="catalog"
        )
    work_off(settings, engine, [job.job_id])
    with engine.begin() as connection:
        return jobs.by_id(connection, job.job_id)


def _results(connection: Connection, job: Job) -> Iterator[Any]:
    """What was made, and how it was judged; nothing is claimed of a job that published nothing."""
    checks = ledger.quality(connection, job.repository_id)
    judged = {check["job_id"] for check in checks} == {job.job_id}
    if job.state in {"succeeded", "partial"}:
        standing = ledger.standing(connection, job.repository_id)
        facts: dict[str, Any] = {
            "as_of": dg.MetadataValue.timestamp(standing.as_of or datetime.now(UTC)),
            "publication": standing.publication,
            "job_id": str(job.job_id),
        }
        for spec in _SPECS:
            yield dg.MaterializeResult[None](asset_key=spec.key, metadata=facts)
    for check in _check_specs(_SPECS) if judged else ():
        yield _judgement(check, checks)


def _judgement(spec: dg.AssetCheckSpec, checks: list[dict[str, Any]]) -> dg.AssetCheckResult:
    name = spec.asset_key.path[-1]
    about = [one for one in checks if one["subject"].rsplit(".", 1)[-1] == name]
    failed = [one for one in about if one["status"] == "failed"]
    is_blocked = any(one["severity"] == "block" for one in failed)
    return dg.AssetCheckResult(
        asset_key=spec.asset_key, check_name=spec.name, passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if is_blocked else dg.AssetCheckSeverity.WARN,
        metadata={"checks": len(about), "failed": [one["check_name"] for one in failed]},
    )  # fmt: skip


def _raise_for(job: Job) -> None:
    """Another attempt where it would help, at the time at which it would."""
    if job.state == "queued" and job.not_before is not None:
        wait = (job.not_before - clock.now()).total_seconds()
        raise dg.RetryRequested(max_retries=3, seconds_to_wait=max(1, wait))
    if job.state in {"failed", "cancelled"}:
        raise dg.Failure(job.error_detail or job.state, allow_retries=False)


defs = dg.Definitions(
    assets=[analyze_repository],
    jobs=[dg.define_asset_job("analyze_repositories")],
    sensors=[followed_repositories],
)
